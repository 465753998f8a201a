internal import Base
internal import Models

/// Input filter. What it refuses is the caller's to mend and is never retried.
enum ValidateNode {
    static func run(_ request: ChatRequest) throws(CodedError) -> InputSummary {
        var summary = InputSummary()
        for message in request.messages {
            summary.messages += 1
            summary.textBytes += message.text.utf8.count
        }
        guard summary.messages > 0 else {
            throw CodedError(
                .invalidValue, "'messages' is empty. Send at least one message.", param: "messages")
        }
        return summary
    }
}
