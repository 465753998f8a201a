internal import Base

/// The right to be one of the calls under way. It is given back when it goes, whatever happens to its holder.
public struct LimitPermit: ~Copyable, Sendable {
    private let limiter: Limiter
    private let ticket: Bulkhead.Ticket
    /// Of the limiter around it.
    private var outer: Bulkhead.Ticket?
    private var hasBegun = false
    private var hasEnded = false

    init(_ limiter: Limiter, _ ticket: Bulkhead.Ticket) {
        self.limiter = limiter
        self.ticket = ticket
    }

    mutating func add(outer ticket: Bulkhead.Ticket) { outer = ticket }

    /// The first token is here, `after` so long since the provider was asked: that is what the limit adapts to.
    public mutating func begin(after: Duration) {
        if hasBegun { return }
        hasBegun = true
        limiter.begin(after)
    }

    /// What a call's end says about the provider's load.
    enum Load: Sendable {
        case nothing
        /// It has succeeded, and no latency has been told of it.
        case success
        /// Fewer calls at once would have helped.
        case overload
    }

    /// The call is over. What it says about the provider's load counts; see ``CallEnd``. Its time does not: only
    /// ``begin(after:)`` tells of a latency.
    public consuming func end(_ end: CallEnd) {
        hasEnded = true
        limiter.leave(ticket, outer, end.load(hasBegun: hasBegun))
    }

    deinit { if !hasEnded { limiter.leave(ticket, outer, .nothing) } }
}

extension CallEnd {
    fileprivate func load(hasBegun: Bool) -> LimitPermit.Load {
        switch self {
        case .succeeded: hasBegun ? .nothing : .success
        case .rateLimited, .failed(.providerOverloaded), .failed(.providerTimeout): .overload
        case .failed, .forbidden, .rejectedKey, .neutral: .nothing
        }
    }
}
