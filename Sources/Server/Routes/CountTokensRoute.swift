internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator

/// `POST /v1/messages/count_tokens`: how many input tokens a message would have. Asked of a provider that counts, else an
/// estimate, and marked as one.
struct CountTokensRoute: Sendable {
    let turns: Turns
    let plans: PlanBook
    let gateway: Gateway

    var route: Route {
        Route.simple("POST", "/v1/messages/count_tokens", .countTokens, for: .role(.member)) {
            [self] exchange throws(CodedError) in
            let request = try Anthropic.tokenCountRequest(
                try await exchange.json(turns.settings), headers: exchange.request.head.headers)
            let plan = try plans.plan(named: request.model)
            let context = try turns.context(exchange, requestID: exchange.requestID)
            var headers: HTTPHeaders = ["content-type": "application/json"]
            // What experts are asked besides is not known before they work: of a plan the caller's own words count.
            let counted =
                plan.isPinned
                ? try await gateway.countTokens(of: request, route: plan.route, context: context) : nil
            if counted == nil { headers.set("x-tutti-estimate", "true") }
            return Response(
                status: 200, headers: headers,
                body: counted ?? Anthropic.encodeTokenCount(Anthropic.estimateInputTokens(of: request)))
        }
    }
}
