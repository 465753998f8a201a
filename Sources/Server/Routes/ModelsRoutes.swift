internal import Base
internal import HTTP
internal import HTTPServer
internal import Models

/// `GET /v1/models` and `GET /v1/models/{id}`: exactly the names that resolve, in stable order.
struct ModelsRoutes: Sendable {
    let directory: ModelDirectory
    /// When the server started; models have no better date.
    let created: Int64

    var routes: [Route] {
        [
            Route.simple("GET", "/v1/models") { [self] _ in
                json(OpenAI.encodeModels(directory.names, created: created))
            },
            // A name may hold slashes; some clients send them as they are, others as %2F.
            Route.simple("GET", "/v1/models/{model...}") { [self] exchange throws(CodedError) in
                try one(PercentEncoding.decoded(exchange.parameters["model"] ?? ""))
            },
        ]
    }

    private func one(_ name: String) throws(CodedError) -> Response {
        _ = try directory.resolve(name)
        return json(OpenAI.encodeModel(name, created: created))
    }

    private func json(_ body: [UInt8]) -> Response {
        Response(status: 200, headers: ["content-type": "application/json"], body: body)
    }
}
