internal import Base
internal import HTTP
internal import HTTPServer
internal import Models

/// `POST /v1/embeddings`, OpenAI's dialect.
struct EmbeddingsRoute: Sendable {
    private let turns: Turns
    private let directory: ModelDirectory
    private let gateway: Gateway

    init(turns: Turns, directory: ModelDirectory, gateway: Gateway) {
        self.turns = turns
        self.directory = directory
        self.gateway = gateway
    }

    var route: Route {
        Route.simple("POST", "/v1/embeddings", .embeddings, for: .role(.member)) { exchange throws(CodedError) in
            let request = try OpenAI.decodeEmbeddingRequest(try await exchange.json(turns.settings))
            let route = try directory.resolve(request.model)
            let ticket = try turns.enter(exchange, requestID: exchange.requestID)
            let context = try turns.context(exchange, requestID: exchange.requestID)
            let started = turns.time.now()
            let result: Result<Gateway.Embeddings, CodedError>
            do throws(CodedError) {
                result = .success(try await gateway.embed(request, route: route, context: context))
                turns.ended(nil, since: started)
            } catch {
                turns.ended(error, since: started)
                result = .failure(error)
            }
            turns.leave(ticket)
            let made = try result.get()
            var headers = made.answer.headers
            headers.set("content-type", "application/json")
            if let cost = gateway.record(made.target, made.answer.usage)?.cost {
                headers.set("x-tutti-cost", cost.description)
            }
            return Response(
                status: 200, headers: headers,
                body: OpenAI.encodeEmbeddings(made.answer, model: made.target.name))
        }
    }
}
