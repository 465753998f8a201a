internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON

/// `GET /openapi.json` and `GET /docs`: what the route table promises, for machines and for people. Both are made once in
/// a world, and compressed once at most.
struct ContractRoutes: Sendable {
    private let document: KeptBody
    private let page: [UInt8]

    /// The whole table: `routes`, and these two behind them.
    /// - Parameter asksForKeys: Whether callers need a key at all.
    static func describing(_ routes: [Route], asksForKeys: Bool) -> [Route] {
        // What they answer is not part of the contract, only that they do.
        let described = OpenAPIDocument(
            routes: routes + ContractRoutes(document: KeptBody([]), page: []).routes, asksForKeys: asksForKeys)
        let own = ContractRoutes(
            document: KeptBody(described.json.bytes), page: OperationsPage(routes: described.routes).bytes)
        return routes + own.routes
    }

    private var routes: [Route] {
        [
            Route.simple("GET", "/openapi.json", .openAPI, for: .role(.viewer), whileDraining: true) { [document] _ in
                Response(status: 200, headers: ["content-type": "application/json"], kept: document)
            },
            Route.simple("GET", "/docs", .docs, for: .role(.viewer), whileDraining: true) { [page] _ in
                Response(
                    status: 200,
                    headers: [
                        "content-type": "text/html; charset=utf-8",
                        "content-security-policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
                        "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
                    ], body: page)
            },
        ]
    }
}
