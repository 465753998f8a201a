public import Graph

/// What a caller who listens to a turn hears.
public enum ChatSignal: Sendable {
    case nodeStarted(String)
    case nodeFinished(String, Duration)
    case said(ChatEvent)
}

/// Takes a turn's signals in order, or suspends the turn until it can: back-pressure. Throwing cancels the turn.
public protocol ChatSink: Sendable {
    /// Whether text of the answer that was shown can be taken back by ``ChatEvent/replaced(from:reason:)``.
    var takesBack: Bool { get }
    /// Takes a signal if that needs no waiting; every signal is offered first.
    func offer(_ signal: ChatSignal) -> EventIntake
    /// Takes a signal that was offered in vain.
    func receive(_ signal: ChatSignal) async throws(CancellationError)
}

extension ChatSink {
    public var takesBack: Bool { false }
    public func offer(_ signal: ChatSignal) -> EventIntake { .full }
}
