public import Base
public import Graph

/// A run that does not end with the connection of its client. From any thread.
public final class LiveRun: Sendable {
    public let runID: String
    public let requestID: String
    public let scope: Scope

    init(runID: String, requestID: String, scope: Scope) {
        self.runID = runID
        self.requestID = requestID
        self.scope = scope
    }

    // MARK: The turn's side

    /// Runs `turn` in a task of the run's own. It logs what it says with ``offer(_:)`` and ``append(_:)`` and ends the
    /// run with ``end(with:)``. Once.
    public func start(
        on executor: (any TaskExecutor)?, _ turn: @escaping @Sendable (LiveRun) async -> Void
    ) {}

    /// Logs events if there is room for them; the sequences count on from the last event.
    public func offer(_ events: [LoggedEvent]) -> EventIntake { .taken }

    /// Logs events as soon as there is room. Throws when the run is cancelled, or over.
    public func append(_ events: [LoggedEvent]) async throws(CancellationError) {}

    /// Logs the last events, for which there is always room, and ends the run. After it nothing is logged any more.
    public func end(with events: [LoggedEvent]) {}

    // MARK: The clients' side

    /// Begins to read after the event with this sequence; `nil` is from the first event on. While a reader is attached,
    /// the run does not count as left alone.
    /// - Throws: `events_gone` when events after `sequence` are no longer there, with those that are; `invalid_value` for
    ///   a sequence that the run has not come to.
    public func attach(after sequence: Int?) throws(CodedError) -> RunReader { RunReader() }

    /// Cancels the run, from wherever; nothing when it is over. Its last event will say so.
    public func cancel() {}

    /// Whether the last event is logged.
    public var isOver: Bool { false }
}

/// Reads a run's events, each once and in order. One task at a time calls ``next()``.
public final class RunReader: Sendable {
    /// Waits for events after those that it gave last, which count as received from now on. Empty when the run is over
    /// and all of it was read. Throws when the task is cancelled, or when this reader has held up the run for too long
    /// and was left behind; the client may attach again with its cursor.
    public func next() async throws(CancellationError) -> [LoggedEvent] { [] }

    /// Reads no more; the run is left alone when nobody else is attached. Also done when the reader goes.
    public func detach() {}
}
