internal import Base
internal import HTTP
internal import HTTPServer

/// A request on its way through the pipeline, with what the middleware found out.
struct Exchange: Sendable {
    let request: Request
    /// Ours, or the client's own where it may be taken.
    var requestID: String
    /// Whose work it is: the key's, once that is known.
    var scope: Scope
    let trace: TraceContext
    /// Who sent it, as far as trusted proxies tell; what limits and throttles go by.
    let client: ClientOrigin
    var parameters: [String: String]

    /// The name of the caller's key, for the log; `nil` where none was asked for.
    var keyName: String? { scope == .local || scope == .nobody ? nil : scope.key }

    var path: String { request.head.path }

    /// The body, for routes that take JSON alone, of the size that the configuration allows.
    func json(_ settings: Turns.Settings) async throws(CodedError) -> [UInt8] {
        do throws(CodedError) { return try await json(limit: settings.maxBody) } catch {
            guard error.code == .requestTooLarge else { throw error }
            throw CodedError(
                .requestTooLarge, "The body is over the limit of \(settings.maxBody) bytes (`server.max_body`).")
        }
    }

    /// The same of a route that has a limit of its own.
    func json(limit: Int) async throws(CodedError) -> [UInt8] {
        guard request.head.headers.hasMediaType("application/json") else {
            throw CodedError(
                .unsupportedMediaType, "The body must be JSON: send `content-type: application/json`.")
        }
        return try await body(limit: limit)
    }

    /// The body, whatever it is.
    func body(limit: Int) async throws(CodedError) -> [UInt8] {
        try await request.body(limit: limit, of: client.address)
    }
}
