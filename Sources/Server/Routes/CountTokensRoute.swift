internal import Base
internal import HTTP
internal import HTTPServer
internal import Models

/// `POST /v1/messages/count_tokens`: how many input tokens a message would have. Asked of a provider that counts, else an
/// estimate, and marked as one.
struct CountTokensRoute: Sendable {
    let turns: Turns
    let directory: ModelDirectory
    let gateway: Gateway

    var route: Route {
        Route.simple("POST", "/v1/messages/count_tokens", .countTokens, for: .role(.member)) {
            [self] exchange throws(CodedError) in
            let request = try Anthropic.tokenCountRequest(
                try await exchange.json(turns.settings), headers: exchange.request.head.headers)
            let route = try directory.resolve(request.model)
            let context = try turns.context(exchange, requestID: exchange.requestID)
            var headers: HTTPHeaders = ["content-type": "application/json"]
            let counted = try await gateway.countTokens(of: request, route: route, context: context)
            if counted == nil { headers.set("x-tutti-estimate", "true") }
            return Response(
                status: 200, headers: headers,
                body: counted ?? Anthropic.encodeTokenCount(Anthropic.estimateInputTokens(of: request)))
        }
    }
}
