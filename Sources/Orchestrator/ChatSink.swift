/// What a caller who listens to a turn hears.
public enum ChatSignal: Sendable {
    case nodeStarted(String)
    case nodeFinished(String, Duration)
    case said(ChatEvent)
}

/// Takes a turn's signals in order, or suspends the turn until it can: back-pressure. Throwing cancels the turn.
public protocol ChatSink: Sendable {
    func receive(_ signal: ChatSignal) async throws(CancellationError)
}
