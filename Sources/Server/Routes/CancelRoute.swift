internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Models
internal import Orchestrator

/// `POST /api/orchestrator/cancel` `{requestId}`: ends one of the caller's own running turns.
struct CancelRoute: Sendable {
    let registry: RunRegistry

    private static let fields = [NativeTurn.Field(name: "requestId", schema: Schema.identifier)]

    var route: Route {
        // Also while the server stops: what runs then is still its caller's to end.
        Route.simple("POST", "/api/orchestrator/cancel", .cancel, for: .role(.member), whileDraining: true) {
            [registry] exchange throws(CodedError) in
            let body = try await exchange.json(limit: 4096)
            let root = try RequestBody.object(body, like: #"{"requestId": "…"}"#)
            try root.refuseOthers(than: CancelRoute.fields)
            guard let given = root["requestId"], !given.isNull else {
                throw CodedError(
                    .missingField, "Send the id of the running request: {\"requestId\": \"…\"}.", param: "requestId")
            }
            guard let id = given.string else {
                throw CodedError(.invalidType, "'requestId' must be a text.", param: "requestId")
            }
            guard registry.cancel(id, scope: exchange.scope) else {
                throw CodedError(.notFound, "No request with this id is running.", param: "requestId")
            }
            return Response(
                status: 200, headers: ["content-type": "application/json"], body: (["cancelled": true] as JSON).bytes)
        }
    }
}
