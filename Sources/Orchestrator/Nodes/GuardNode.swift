internal import Models

/// Settles the output guard before anything is kept.
enum GuardNode {
    static func run(_ answer: ChatAnswer?) -> GuardVerdict {
        guard let choices = answer?.completion.choices, !choices.isEmpty,
            choices.allSatisfy({ $0.finishReason != nil })
        else { return .incomplete }
        return .passed
    }
}
