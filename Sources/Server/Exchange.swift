internal import Base
internal import HTTP
internal import HTTPServer

/// A request on its way through the pipeline, with what the middleware found out.
struct Exchange: Sendable {
    let request: Request
    /// Ours, or the client's own where it may be taken.
    var requestID: String
    let scope: Scope
    let trace: TraceContext
    var parameters: [String: String]

    var path: String { request.head.path }

    /// The body, for routes that take JSON alone.
    func json(limit: Int) async throws(CodedError) -> [UInt8] {
        guard request.head.headers.hasMediaType("application/json") else {
            throw CodedError(
                .unsupportedMediaType, "The body must be JSON: send `content-type: application/json`.")
        }
        return try await request.body(limit: limit)
    }
}
