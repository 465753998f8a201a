internal import Base
internal import Models

/// Input filter. What it refuses is the caller's to mend and is never retried.
enum ValidateNode {
    /// More text, in bytes, is searched away from the event loop.
    static let longForALoop = 16 << 10

    /// - Parameter inputGuard: `nil` where nothing is to be looked for.
    static func run(_ request: ChatRequest, inputGuard: InputGuard?) async throws(CodedError) -> InputSummary {
        var summary = InputSummary()
        for message in request.messages {
            summary.messages += 1
            summary.textBytes += message.text.utf8.count
        }
        guard summary.messages > 0 else {
            throw CodedError(
                .invalidValue, "'messages' is empty. Send at least one message.", param: "messages")
        }
        if let inputGuard { summary.findings = try await inspect(request, inputGuard) }
        return summary
    }

    private static func inspect(_ request: ChatRequest, _ inputGuard: InputGuard) async throws(CodedError)
        -> InputFindings
    {
        if InputGuard.length(of: request) <= longForALoop { return try inputGuard.inspect(request) }
        // Without the loop that this task prefers. The work is bounded by the body's size.
        let result = await Task { () -> Result<InputFindings, CodedError> in
            do throws(CodedError) { return .success(try inputGuard.inspect(request)) } catch { return .failure(error) }
        }.value
        return try result.get()
    }
}
