internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Orchestrator

/// `POST /api/orchestrator/cancel` `{requestId}`: ends one of the caller's own running turns.
struct CancelRoute: Sendable {
    let registry: RunRegistry

    var route: Route {
        // Also while the server stops: what runs then is still its caller's to end.
        Route.simple("POST", "/api/orchestrator/cancel", whileDraining: true) {
            [registry] exchange throws(CodedError) in
            let body = try await exchange.json(limit: 4096)
            let root: JSONNode
            do throws(JSONError) { root = try JSONDocument(body).root } catch { throw error.coded }
            guard let id = root["requestId"]?.string else {
                throw CodedError(
                    .missingField, "Send the id of the running request: {\"requestId\": \"…\"}.", param: "requestId")
            }
            guard registry.cancel(id, scope: exchange.scope) else {
                throw CodedError(.notFound, "No request with this id is running.", param: "requestId")
            }
            return Response(
                status: 200, headers: ["content-type": "application/json"], body: (["cancelled": true] as JSON).bytes)
        }
    }
}
