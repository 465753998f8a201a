internal import Base
internal import Models

/// How many tokens an expert's answer may take where the plan has a limit on all of them.
///
/// Each gets an even share of what those before it have left. So no expert has to know how far those beside it are: the
/// same plan gives everybody the same share whether they work at once or one after the other, and together they stay
/// within the limit as far as models keep to theirs.
enum TokenShare {
    /// - Parameters:
    ///   - limit: Of the plan, for all answers.
    ///   - used: By the answers on which this one waits.
    ///   - parts: How many answers are to come, this one included, and not those on which it waits.
    /// - Throws: `plan_limit` when nothing is left.
    static func tokens(limit: Int, used: Int, parts: Int) throws(CodedError) -> Int {
        let left = limit > used ? limit - used : 0
        guard left > 0 else {
            throw CodedError(
                .planLimit,
                "The plan's \(limit) tokens are used up before its last answer. Ask for less, or raise limits.tokens.")
        }
        return max(1, left / max(1, parts))
    }

    /// What an answer took, as far as anybody knows: four bytes a token where its model did not say. Never more than any
    /// limit is, whatever the model says, so that the sum of all answers of a plan is a number.
    static func tokens(of result: ExpertResult) -> Int {
        // What was kept or stands in was not made for this run.
        guard let completion = result.completion else { return 0 }
        let told = completion.usage?.completionTokens ?? (result.text ?? "").utf8.count / 4
        return min(PlanCheck.tokens.upperBound, max(0, told))
    }
}
