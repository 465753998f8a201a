internal import Base
internal import Models

/// Checks that an answer has the form that its caller asked for.
enum ConformNode {
    /// Longer answers, in bytes, are checked away from the event loop.
    private static let longForALoop = 16 << 10
    private static let longForPatterns = 512

    /// What is wrong and can still be mended; nothing for an answer that may go on.
    static func run(
        _ answer: Shared<ChatAnswer>?, format: AnswerFormat?, streaming: Bool, policy: ViolationPolicy,
        told: (FormatOutcome) -> Void
    ) async throws(CodedError) -> [String] {
        guard let answer, let format else { return [] }
        switch await verdict(of: format, on: answer.value.completion) {
        case .conforms:
            told(.conforms)
            return []
        case .undecided:
            told(.undecided)
            return []
        case .violates(let violations):
            switch policy {
            case .ignore:
                told(.ignored)
                return []
            // What was shown cannot be taken back, and of several answers each has its own faults.
            case .repair where !streaming && answer.value.completion.choices.count == 1: return violations
            case .repair, .report:
                told(.reported)
                throw error(violations, of: answer.value.target)
            }
        }
    }

    static func verdict(of format: AnswerFormat, on completion: ChatCompletion) async -> AnswerFormat.Verdict {
        let length = completion.choices.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
        if length <= (format.hasPatterns ? longForPatterns : longForALoop) { return format.verdict(on: completion) }
        // Without the loop that this task prefers. The work is bounded.
        return await Task { format.verdict(on: completion) }.value
    }

    static func error(_ violations: [String], of target: Target) -> CodedError {
        CodedError(
            .providerInvalidAnswer,
            "The answer of \(target.name) has not the form that was asked for: \(violations.joined(separator: " "))")
    }
}
