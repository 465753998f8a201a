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
        let type = request.head.headers["content-type"] ?? ""
        let essence = type.prefix { $0 != ";" }.trimmed.lowercased()
        guard essence == "application/json" else {
            throw CodedError(
                .unsupportedMediaType, "The body must be JSON: send `content-type: application/json`.")
        }
        return try await request.body(limit: limit)
    }
}

extension Substring {
    /// Without spaces and tabs at its ends.
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
