internal import Base

/// What a listener does when the process has no descriptor left for a connection: it waits, so that neither the loop
/// spins nor the connections in the kernel's queue are lost, and once that has gone on for long it turns away those who
/// wait. A pure state machine.
struct AcceptBackoff: Sendable {
    /// How long nothing is accepted after a failure.
    static let pause = Duration.milliseconds(100)
    /// So many failures in a row, and those who wait are told that they wait in vain.
    static let patience = 10
    /// How often somebody is told of it.
    static let silence = Duration.seconds(60)

    struct Step: Sendable, Equatable {
        /// Whether to accept and close what waits, by way of the descriptor that is kept for this.
        var turnsAway: Bool
        /// Whether to tell somebody.
        var tells: Bool
    }

    private var failures = 0
    private var told: Instant?

    mutating func failed(at now: Instant) -> Step {
        failures = min(failures + 1, AcceptBackoff.patience)
        let tells = told.map { now.since($0) >= AcceptBackoff.silence } ?? true
        if tells { told = now }
        return Step(turnsAway: failures == AcceptBackoff.patience, tells: tells)
    }

    mutating func succeeded() { failures = 0 }
}
