extension AnswerMarks {
    /// Those of an answer that was made of two.
    public func merging(_ other: AnswerMarks) -> AnswerMarks {
        var marks = self
        marks.degraded = degraded ?? other.degraded
        marks.isChaotic = isChaotic || other.isChaotic
        return marks
    }
}
