/// What was done to an answer that a caller should know of: it is marked with it, and never cached.
public struct AnswerMarks: Sendable, Hashable {
    /// What took the place of an answer.
    public var degraded: Degradation?
    /// Whether faults were put into it on purpose.
    public var isChaotic = false

    /// Whether the output guard has replaced something in it.
    public var isRedacted = false

    public init() {}

    /// Whether it may be kept for others.
    public var isClean: Bool { degraded == nil && !isChaotic && !isRedacted }

    /// Those of an answer that was made of two.
    public func merging(_ other: AnswerMarks) -> AnswerMarks {
        var marks = self
        marks.degraded = degraded ?? other.degraded
        marks.isChaotic = isChaotic || other.isChaotic
        marks.isRedacted = isRedacted || other.isRedacted
        return marks
    }
}
