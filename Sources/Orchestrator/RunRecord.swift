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
    /// What has become of the plan's experts; none for a plan that is the request as it stands to one model.
    public var experts: [ExpertOutcome] = []
    /// What the output guard found in it.
    public var findings = GuardFindings()
    public var times = InnerTimes()
}

/// Who hears of answered and failed turns: metrics, the log and alerts. Must not block.
public protocol RunRecorder: Sendable {
    func remember(_ record: RunRecord, context: RunContext)
    /// The input guard has noticed something in a request that goes on.
    func noticed(_ findings: InputFindings, context: RunContext)
    /// An answer whose form was asked for has been checked.
    func checked(_ outcome: FormatOutcome, context: RunContext)
    /// A node of the chat graph has ended, however it ended.
    func nodeEnded(_ node: String, after duration: Duration)
    /// The turn has ended without an answer.
    func failed(_ error: CodedError, context: RunContext)
}

extension RunRecorder {
    public func noticed(_ findings: InputFindings, context: RunContext) {}
    public func nodeEnded(_ node: String, after duration: Duration) {}
    public func failed(_ error: CodedError, context: RunContext) {}
}
