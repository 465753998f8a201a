/// What a call under way has been given, and gives back at its end, whatever happens to its caller: its circuit's
/// permit, its place among the calls at once, and that it is counted. See ``Pipeline``. One that goes without an end says
/// nothing of the provider and leaves nothing behind.
public struct CallRights: ~Copyable, Sendable {
    private var permit: CallPermit?
    private var place: LimitPermit?
    private let metered: MeteredCall

    init(_ permit: consuming CallPermit?, _ place: consuming LimitPermit?, _ metered: consuming MeteredCall) {
        self.permit = permit
        self.place = place
        self.metered = metered
    }

    /// The first token is here, so long after the call began.
    public mutating func begin(after time: Duration) {
        permit?.begin(after: time)
        place?.begin(after: time)
        metered.begin(after: time)
    }

    /// The call is over. A whole answer's time is its length's as well: it says little of how well the provider is, but
    /// on the average which of two is faster.
    public consuming func end(_ end: CallEnd, isWhole: Bool) {
        var circuit = end
        if isWhole, case .succeeded(let time) = end {
            circuit = .succeeded(after: .zero)
            if time > .zero { metered.end(after: time) }
        }
        permit.take()?.end(circuit)
        place.take()?.end(end)
        metered.end(failed: end.isFailure)
    }
}

extension CallEnd {
    fileprivate var isFailure: Bool {
        switch self {
        case .failed, .rateLimited, .forbidden, .rejectedKey: true
        case .succeeded, .neutral: false
        }
    }
}
