internal import Base
internal import Models

/// Input filter. What it refuses is the caller's to mend and is never retried.
enum ValidateNode {
    /// More text, in bytes, is searched away from the event loop.
    static let longForALoop = 16 << 10

    /// - Parameter inputGuard: `nil` where nothing is to be looked for.
    static func run(
        _ request: Shared<ChatRequest>, inputGuard: InputGuard?
    ) async throws(CodedError) -> InputSummary {
        var summary = summary(of: request)
        guard summary.messages > 0 else {
            throw CodedError(
                .invalidValue, "'messages' is empty. Send at least one message.", param: "messages")
        }
        if let inputGuard { summary.findings = try await inspect(request, inputGuard) }
        return summary
    }

    private static func summary(of request: Shared<ChatRequest>) -> InputSummary {
        var summary = InputSummary()
        // A message is much to copy, so it is looked at where it stands.
        let messages = request.value.messages
        let standing = messages.span
        for index in standing.indices { summary.textBytes += standing[index].text.utf8.count }
        summary.messages = messages.count
        return summary
    }

    private static func inspect(
        _ request: Shared<ChatRequest>, _ inputGuard: InputGuard
    ) async throws(CodedError) -> InputFindings {
        if InputGuard.length(of: request.value) <= longForALoop { return try inputGuard.inspect(request.value) }
        // Without the loop that this task prefers. The work is bounded by the body's size.
        let result = await Task { () -> Result<InputFindings, CodedError> in
            do throws(CodedError) {
                return .success(try inputGuard.inspect(request.value))
            } catch {
                return .failure(error)
            }
        }.value
        return try result.get()
    }
}
