internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator

/// `GET /v1/models` and `GET /v1/models/{id}`: exactly the names that resolve, in stable order: models, then
/// plans of several.
struct ModelsRoutes: Sendable {
    let plans: PlanBook
    let directory: ModelDirectory
    let catalogue: Catalogue
    /// When the server started; models have no better date.
    let created: Int64

    var routes: [Route] {
        [
            Route.simple("GET", "/v1/models", .models, for: .role(.viewer)) { [self] _ in
                json(
                    OpenAI.encodeModels((directory.names + plans.names).map { ($0, entry(of: $0)) }, created: created))
            },
            // A name may hold slashes; some clients send them as they are, others as %2F.
            Route.simple("GET", "/v1/models/{model...}", .model, for: .role(.viewer)) {
                [self] exchange throws(CodedError) in
                try one(PercentEncoding.decoded(exchange.parameters["model"] ?? ""))
            },
        ]
    }

    private func one(_ name: String) throws(CodedError) -> Response {
        _ = try plans.plan(named: name)
        return json(OpenAI.encodeModel(name, entry(of: name), created: created))
    }

    /// Of an alias that of the model which is asked first.
    private func entry(of name: String) -> CatalogueEntry? {
        (try? directory.resolve(name))?.chain.first.flatMap { catalogue.entry(of: $0) }
    }

    private func json(_ body: [UInt8]) -> Response {
        Response(status: 200, headers: ["content-type": "application/json"], body: body)
    }
}
