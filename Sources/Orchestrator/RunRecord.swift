public import Base
public import Models

/// What is kept of a turn that was answered: no content.
public struct RunRecord: Sendable {
    public var input: InputSummary
    public var plan: Plan
    public var target: Target
    public var attempts: Int
    public var usage: Usage?
    public var finishReason: FinishReason?
    public var verdict: GuardVerdict
    public var streaming: Bool
    /// Only an answer whose marks are clean may be kept for others, whatever the verdict.
    public var marks = AnswerMarks()
}

/// Who remembers answered turns: metrics and the log; later conversations, caches and the ledger. Must not block.
public protocol RunRecorder: Sendable {
    func remember(_ record: RunRecord, context: RunContext)
    /// An answer whose form was asked for has been checked.
    func checked(_ outcome: FormatOutcome, context: RunContext)
}
