internal import Base
internal import Graph
internal import Models

/// Settles the output guard before anything is kept.
enum GuardNode {
    static func run(_ answer: Shared<ChatAnswer>?, context: NodeContext<ChatEvent>) async throws -> GuardVerdict {
        guard let answer else { return .incomplete }
        let findings = answer.value.findings
        if !findings.isEmpty { try await context.emit(.guarded(findings)) }
        return verdict(on: answer.value)
    }

    @inline(never)
    private static func verdict(on answer: ChatAnswer) -> GuardVerdict {
        let choices = answer.completion.choices
        guard !choices.isEmpty, !answer.isCut, choices.allSatisfy({ $0.finishReason != nil }) else {
            return .incomplete
        }
        return .passed
    }
}
