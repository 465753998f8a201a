internal import Graph
internal import Models

/// Settles the output guard before anything is kept.
enum GuardNode {
    static func run(_ answer: ChatAnswer?, context: NodeContext<ChatEvent>) async throws -> GuardVerdict {
        guard let answer else { return .incomplete }
        if !answer.findings.isEmpty { try await context.emit(.guarded(answer.findings)) }
        let choices = answer.completion.choices
        guard !choices.isEmpty, !answer.isCut, choices.allSatisfy({ $0.finishReason != nil }) else {
            return .incomplete
        }
        return .passed
    }
}
