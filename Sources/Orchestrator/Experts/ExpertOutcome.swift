public import Base
public import Models

/// How far an expert is with its part, as events tell it.
public enum ExpertPhase: Sendable, Equatable {
    case started
    /// It has answered; how long that took, and which model it was.
    case finished(Duration, Target)
    /// It could not answer. What becomes of that follows, unless it ends the run.
    case failed(ErrorCode)
    /// The plan goes on without it.
    case leftOut
    /// The plan's own text stands in for its answer.
    case fallback
    /// It was asked the same before, and says the same.
    case cached
}

/// What has become of one expert of a plan.
public struct ExpertOutcome: Sendable, Equatable {
    public var name: String
    /// The last one.
    public var phase: ExpertPhase
    /// The model that answered; `nil` where none did.
    public var target: Target?
    /// From its start to its end.
    public var duration: Duration
    /// What its answer took; `nil` where none was made for this run, and for one that did not tell.
    public var usage: Usage?
    public var ledger: UsageRecord?
    /// Why it could not answer, where the plan goes on without its answer.
    public var failure: ErrorCode?

    public init(
        name: String, phase: ExpertPhase, target: Target? = nil, duration: Duration = .zero, usage: Usage? = nil,
        ledger: UsageRecord? = nil, failure: ErrorCode? = nil
    ) {
        self.name = name
        self.phase = phase
        self.target = target
        self.duration = duration
        self.usage = usage
        self.ledger = ledger
        self.failure = failure
    }
}
