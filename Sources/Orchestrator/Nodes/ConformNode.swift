internal import Base
internal import Models

/// Checks that an answer has the form that its caller asked for.
enum ConformNode {
    /// What is wrong and can still be mended; nothing for an answer that may go on.
    static func run(
        _ answer: ChatAnswer?, format: AnswerFormat?, request: ChatRequest, streaming: Bool, policy: ViolationPolicy,
        told: (FormatOutcome) -> Void
    ) throws(CodedError) -> [String] {
        guard let answer, let format else { return [] }
        let violations = format.violations(in: answer.completion)
        if violations.isEmpty {
            told(.conforms)
            return []
        }
        switch policy {
        case .ignore:
            told(.ignored)
            return []
        // What was shown cannot be taken back, and of several answers each has its own faults.
        case .repair where !streaming && answer.completion.choices.count == 1 && request.canGrow: return violations
        case .repair, .report:
            told(.reported)
            throw error(violations, of: answer.target)
        }
    }

    static func error(_ violations: [String], of target: Target) -> CodedError {
        CodedError(
            .providerInvalidAnswer,
            "The answer of \(target.name) has not the form that was asked for: \(violations.joined(separator: " "))")
    }
}

extension ChatRequest {
    /// Whether messages may be added: what only the client's own bytes say would be lost with them.
    fileprivate var canGrow: Bool { foreignField == nil && !hasForeignTools }
}
