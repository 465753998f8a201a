public import Base

/// Who is told of every attempt and every answer: metrics, the log, later the ledger. Called outside of all locks, on
/// the caller's executor; must not block. Nothing that it is given holds a key or a message's content, except an
/// error's `message`, which may quote a provider and is for the caller alone.
public protocol GatewayObserver: Sendable {
    /// One target was tried, and has begun to answer or failed.
    func attemptEnded(_ attempt: Attempt, context: RunContext)
    /// An answer is over: read to its end, failed, cancelled or dropped. Once an answer.
    func answerEnded(_ report: AnswerReport, context: RunContext)
    /// The gateway did something about a failure.
    func happened(_ event: GatewayEvent, context: RunContext)
}

/// One target that the gateway tried.
public struct Attempt: Sendable, Equatable {
    public var target: Target
    /// `nil` when it began to answer.
    public var error: CodedError?
    /// Until the first event or the failure.
    public var duration: Duration
    /// Whether anything has gone to the provider: our own circuits, limits and knowledge may keep a call from it.
    public var wasSent: Bool

    public init(target: Target, error: CodedError?, duration: Duration, wasSent: Bool = true) {
        self.target = target
        self.error = error
        self.duration = duration
        self.wasSent = wasSent
    }
}

/// How an answer went.
public struct AnswerReport: Sendable, Equatable {
    /// What was asked for, by OpenTelemetry's name of it.
    public enum Operation: String, Sendable {
        case chat, embeddings
    }

    public var operation = Operation.chat
    public var target: Target
    /// The client's name for the model.
    public var requestedModel: String
    public var streaming: Bool
    public var usage: Usage?
    public var finishReason: FinishReason?
    /// `nil` when the answer was read to its end; ``ErrorCode/cancelled`` also when it was dropped.
    public var error: ErrorCode?
    /// From the start of the successful attempt to the end.
    public var duration: Duration
    /// From the start of the successful attempt to its first event.
    public var timeToFirstEvent: Duration
    public var events: Int
}
