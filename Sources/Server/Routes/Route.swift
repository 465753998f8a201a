internal import Base
internal import HTTPServer

/// One route of the table: its name labels metrics and logs, its handler answers.
struct Route: Sendable {
    let method: String
    let path: String
    /// What it promises, for the contract.
    let operation: Operation
    /// Who may use it.
    let access: Access
    /// Whether it answers while the server is stopping.
    let answersWhileDraining: Bool
    let handle: @Sendable (Exchange, consuming ResponseWriter) async -> RouteOutcome

    /// A route that answers at once, or throws what becomes the error's answer.
    static func simple(
        _ method: String, _ path: String, _ operation: Operation, for access: Access, whileDraining: Bool = false,
        _ body: @escaping @Sendable (Exchange) async throws(CodedError) -> Response
    ) -> Route {
        Route(method: method, path: path, operation: operation, access: access, answersWhileDraining: whileDraining) {
            exchange, writer in
            let response: Response
            do throws(CodedError) { response = try await body(exchange) } catch {
                return await RouteOutcome.failed(error, exchange, writer)
            }
            return RouteOutcome(await writer.send(response))
        }
    }
}

/// How a route answered, for metrics and the log.
struct RouteOutcome: Sendable {
    let answered: Answered
    let error: CodedError?
    /// The id that the request's body gave it, for the log.
    var requestID: String?

    init(_ answered: Answered, error: CodedError? = nil) {
        self.answered = answered
        self.error = error
    }

    /// Answers with an error, in the form of the exchange's path.
    static func failed(
        _ error: CodedError, _ exchange: Exchange, _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        let response = ErrorRendering.response(error, path: exchange.path, requestID: exchange.requestID)
        return RouteOutcome(await writer.send(response), error: error)
    }
}
