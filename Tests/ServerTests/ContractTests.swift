import Base
import HTTPServer
import JSON
import Testing

@testable import Server

@Suite("The contract of a route table")
struct ContractTests {
    private static func route(_ method: String, _ path: String, _ operation: Operation) -> Route {
        Route.simple(method, path, operation, for: .anyone) { _ in Response(status: 200) }
    }

    private static let table = [
        route("GET", "/healthz", .healthz), route("GET", "/readyz", .readyz), route("GET", "/health", .health),
        route("GET", "/metrics", .metrics), route("GET", "/v1/models", .models),
        route("GET", "/v1/models/{model...}", .model),
        route("POST", "/v1/chat/completions", .chatCompletions), route("POST", "/v1/responses", .responses),
        route("POST", "/v1/messages", .messages), route("POST", "/v1/messages/count_tokens", .countTokens),
        route("POST", "/v1/embeddings", .embeddings), route("POST", "/api/orchestrator/chat", .orchestratorChat),
        route("GET", "/api/orchestrator/runs/{id}/events", .runEvents),
        route("POST", "/api/orchestrator/bulk", .bulk), route("GET", "/api/orchestrator/metrics", .statistics),
        route("GET", "/api/orchestrator/ws", .webSocket), route("POST", "/api/orchestrator/cancel", .cancel),
        route("POST", "/api/orchestrator/cancel-all", .cancelAll), route("POST", "/api/admin/reload", .reload),
        route("PUT", "/api/admin/log-level", .logLevel), route("GET", "/api/config/schema", .configurationSchema),
    ]

    private static func document(_ routes: [Route] = table) -> JSON { OpenAPIDocument(routes: routes).json }

    @Test("where nobody needs a key, the contract asks for none")
    func withoutKeys() {
        let open = OpenAPIDocument(
            routes: Self.table.map { Self.keyed($0) }, asksForKeys: false
        ).json
        let keyed = OpenAPIDocument(routes: Self.table.map { Self.keyed($0) }).json
        #expect(open["components"]?["securitySchemes"] == nil)
        #expect(keyed["components"]?["securitySchemes"] != nil)
        #expect(open["paths"]?["/v1/models"]?["get"]?["security"] == nil)
        #expect(keyed["paths"]?["/v1/models"]?["get"]?["security"]?.array?.count == 2)
    }

    private static func keyed(_ route: Route) -> Route {
        Route.simple(route.method, route.path, route.operation, for: .role(.viewer)) { _ in Response(status: 200) }
    }

    /// Every reference in a value.
    private static func references(_ value: JSON) -> [String] {
        switch value {
        case .object(let members):
            members.flatMap { member in
                member.key == "$ref" ? [member.value.string ?? ""] : references(member.value)
            }
        case .array(let elements): elements.flatMap(references)
        default: []
        }
    }

    @Test("the same table gives the same bytes; two routes more are its own")
    func stable() {
        #expect(Self.document().bytes == Self.document().bytes)
        let routes = ContractRoutes.describing(Self.table, asksForKeys: true)
        #expect(routes.map(\.path).suffix(2) == ["/openapi.json", "/docs"])
        #expect(routes.count == Self.table.count + 2)
        #expect(Set(routes.map(\.operation.id)).count == routes.count)
    }

    @Test("every path stands in the order of the table, as OpenAPI writes it")
    func paths() {
        let paths = Self.document()["paths"]?.object?.map(\.key)
        #expect(paths == Self.table.map { $0.path.replacing("{model...}", with: "{model}") })
        let both = Self.document([
            Self.route("GET", "/x", .healthz), Self.route("GET", "/y", .health), Self.route("POST", "/x", .cancel),
        ])
        #expect(both["paths"]?.object?.map(\.key) == ["/x", "/y"])
        #expect(both["paths"]?["/x"]?.object?.map(\.key) == ["get", "post"])
    }

    @Test("every reference leads to a schema, and every schema is led to")
    func references() {
        let document = Self.document()
        let named = Set(Self.references(document).map { $0.replacing("#/components/schemas/", with: "") })
        #expect(named == Set(document["components"]?["schemas"]?.object?.map(\.key) ?? []))
    }

    @Test(
        "errors have the form of the route's dialect",
        arguments: [
            ("/v1/messages", "post", "AnthropicError"), ("/v1/chat/completions", "post", "OpenAIError"),
            ("/api/orchestrator/chat", "post", "Problem"), ("/healthz", "get", "Problem"),
        ])
    func errors(_ path: String, _ method: String, _ component: String) throws {
        let refused = try #require(Self.document()["paths"]?[path]?[method]?["responses"]?["403"])
        let found = Set(Self.references(refused["content"] ?? .null))
        #expect(found == ["#/components/schemas/\(component)"])
        #expect(refused["description"]?.string?.contains("`forbidden_host`") == true)
    }

    @Test("statuses ascend, an answer's own wins, and what ends before the route is OpenAI's envelope")
    func statuses() throws {
        for (_, path) in try #require(Self.document()["paths"]?.object).map({ ($0.key, $0.value) }) {
            for operation in path.object ?? [] {
                let statuses = operation.value["responses"]?.object?.compactMap { Int($0.key) } ?? []
                #expect(statuses == statuses.sorted() && statuses.contains(431))
                #expect(statuses.contains(200) || statuses.first == 101)
            }
        }
        let draining = Self.document()["paths"]?["/readyz"]?["get"]?["responses"]?["503"]?["content"]
        #expect(draining?["application/json"]?["schema"] == Schema.ref("Readiness"))
        let long = Self.document()["paths"]?["/api/orchestrator/cancel"]?["post"]?["responses"]?["414"]?["content"]
        #expect(Set(Self.references(long ?? .null)).contains("#/components/schemas/OpenAIError"))
    }

    @Test("a stream has no schema, which would be taken for each event by some and for the whole by others")
    func streams() throws {
        for path in ["/v1/chat/completions", "/v1/messages", "/api/orchestrator/chat"] {
            let content = Self.document()["paths"]?[path]?["post"]?["responses"]?["200"]?["content"]
            let stream = try #require(content?["text/event-stream"])
            #expect(stream["schema"] == nil)
            #expect(content?["application/json"]?["schema"] != nil)
            #expect((stream["x-events"]?["TOKEN"] != nil) == path.hasPrefix("/api"))
        }
    }

    @Test("a field of a native turn that the contract does not name is refused with its name and a near one")
    func closed() {
        let rows = [
            (#"{"message":"x","mesages":[]}"#, "mesages", "messages"),
            (#"{"message":"x","options":{"temprature":1}}"#, "options.temprature", "temperature"),
            (#"{"message":"x","zzzzzzzzzzzz":1}"#, "zzzzzzzzzzzz", "Leave it out"),
        ]
        for (body, param, words) in rows {
            let error = #expect(throws: CodedError.self) { try NativeTurn(body: Array(body.utf8)) }
            #expect(error?.code == .invalidValue)
            #expect(error?.param == param)
            #expect(error?.message.contains(words) == true)
        }
    }

    @Test("the page shows every operation, and what it shows is escaped")
    func page() {
        let odd = Operation(
            id: "odd", summary: "<script>alert(\"1\")</script> & more", tag: .process, answers: [])
        let routes = Self.table + [Self.route("GET", "/<odd>", odd)]
        let html = String(decoding: OperationsPage(routes: routes).bytes, as: UTF8.self)
        for route in Self.table { #expect(html.contains("<code>\(route.method) \(route.contractPath)</code>")) }
        #expect(!html.contains("<script") && !html.contains("/<odd>"))
        #expect(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; more"))
    }

    @Test("`allow` names HEAD wherever GET is answered")
    func allow() {
        #expect(RequestPipeline.allow(["POST"]) == "POST")
        #expect(RequestPipeline.allow(["GET"]) == "GET, HEAD")
        #expect(RequestPipeline.allow(["POST", "GET", "DELETE"]) == "DELETE, GET, HEAD, POST")
    }
}
