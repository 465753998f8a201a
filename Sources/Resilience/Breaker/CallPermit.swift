internal import Base

/// The right to make one call, and the duty to tell how it ended. One that goes without doing so tells that nothing is
/// known: a caller that is cancelled or fails on the way cannot keep a probe to itself.
public struct CallPermit: ~Copyable, Sendable {
    private let circuit: CircuitBreaker
    private var ticket: Breaker.Ticket
    private let key: KeyStanding.Ticket
    /// Whether this call decides if the breaker closes.
    public let isProbe: Bool
    private var hasEnded = false

    init(_ circuit: CircuitBreaker, _ ticket: Breaker.Ticket, key: KeyStanding.Ticket, isProbe: Bool) {
        self.circuit = circuit
        self.ticket = ticket
        self.key = key
        self.isProbe = isProbe
    }

    /// The first token is here, `after` so long. Lets others through behind a probe, whose answer may take minutes; see
    /// ``Breaker/begin(_:after:now:)``. Costs nothing for other calls.
    public mutating func begin(after: Duration) {
        if isProbe { ticket = circuit.begin(ticket, after: after) }
    }

    /// The call is over.
    public consuming func end(_ end: CallEnd) {
        hasEnded = true
        circuit.end(ticket, key, end)
    }

    deinit { if !hasEnded { circuit.end(ticket, key, .neutral) } }
}
