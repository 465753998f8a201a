internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Models
internal import Orchestrator

/// `POST /api/orchestrator/cancel` `{requestId}`: ends one of the caller's own running turns; `/cancel-all` ends all of
/// them, or everybody's.
struct CancelRoute: Sendable {
    let registry: RunRegistry

    static let allFields = [
        NativeTurn.Field(
            name: "scope", schema: Schema.one(of: "own", "all"),
            meaning: "By default `own`; `all` are everybody's turns, which takes the role `admin`.")
    ]
    private static let fields = [NativeTurn.Field(name: "requestId", schema: Schema.identifier)]

    var routes: [Route] { [one, all] }

    private var one: Route {
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

    private var all: Route {
        Route.simple("POST", "/api/orchestrator/cancel-all", .cancelAll, for: .role(.member), whileDraining: true) {
            [self] exchange throws(CodedError) in
            let root = try RequestBody.object(try await exchange.json(limit: 4096), like: "{}")
            try root.refuseOthers(than: CancelRoute.allFields)
            let count =
                try CancelRoute.isEverybody(root) ? everybody(exchange.scope) : registry.cancelAll(of: exchange.scope)
            return Response(
                status: 200, headers: ["content-type": "application/json"],
                body: (["cancelled": .int(Int64(count))] as JSON).bytes)
        }
    }

    private func everybody(_ scope: Scope) throws(CodedError) -> Int {
        guard scope.role.includes(.admin) else {
            throw CodedError(
                .permissionDenied, "Everybody's turns are for the role `admin` to end. Leave 'scope' out for your own.",
                param: "scope")
        }
        return registry.cancelEverything()
    }

    private static func isEverybody(_ root: JSONNode) throws(CodedError) -> Bool {
        guard let given = root["scope"], !given.isNull else { return false }
        guard let text = given.string else { throw CodedError(.invalidType, "'scope' must be a text.", param: "scope") }
        guard ["own", "all"].contains(text) else {
            throw CodedError(.invalidValue, "'scope' must be `own` or `all`.", param: "scope")
        }
        return text == "all"
    }
}
