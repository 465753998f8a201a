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

    /// The call is over. What it says about the provider's load counts; see ``CallEnd``.
    public consuming func end(_ end: CallEnd) {
        hasEnded = true
        if case .succeeded(let after) = end, !hasBegun { limiter.begin(after) }
        limiter.leave(ticket, outer, isDrop: end.saysOverload)
    }

    deinit { if !hasEnded { limiter.leave(ticket, outer, isDrop: false) } }
}

extension CallEnd {
    /// Whether fewer calls at once would have helped.
    var saysOverload: Bool {
        switch self {
        case .rateLimited: true
        case .failed(let code): code == .providerOverloaded || code == .providerTimeout
        case .succeeded, .forbidden, .rejectedKey, .neutral: false
        }
    }
}
