internal import Base
internal import Models

/// Input filter. What it refuses is the caller's to mend and is never retried.
enum ValidateNode {
    /// - Parameter inputGuard: `nil` where nothing is to be looked for.
    static func run(_ request: ChatRequest, inputGuard: InputGuard?) throws(CodedError) -> InputSummary {
        var summary = InputSummary()
        for message in request.messages {
            summary.messages += 1
            summary.textBytes += message.text.utf8.count
        }
        guard summary.messages > 0 else {
            throw CodedError(
                .invalidValue, "'messages' is empty. Send at least one message.", param: "messages")
        }
        if let inputGuard { summary.findings = try inputGuard.inspect(request) }
        return summary
    }
}
