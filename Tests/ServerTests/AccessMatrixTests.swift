import Base
import Foundation
import JSON
import TestKit
import Testing

@testable import Server

/// Made from the route table, so that a new route is in it by itself.
@Suite("Who may use which route", .timeLimit(.minutes(5)))
struct AccessMatrixTests {
    private typealias Caller = KeyedServer.Caller

    /// Where a key can stand, and the header and query with which it stands there.
    private enum Place: String, CaseIterable {
        case bearer, apiKey, azure, subprotocol, everywhere
        case query, accessToken, cookie, basic

        var isTaken: Bool {
            switch self {
            case .bearer, .apiKey, .azure, .subprotocol, .everywhere: true
            case .query, .accessToken, .cookie, .basic: false
            }
        }

        func headers(_ key: String) -> [(String, String)] {
            switch self {
            case .bearer: [("authorization", "Bearer \(key)")]
            case .apiKey: [("x-api-key", key)]
            case .azure: [("api-key", key)]
            case .subprotocol: [("sec-websocket-protocol", "tutti, bearer.\(key)")]
            case .everywhere: Place.bearer.headers(key) + Place.apiKey.headers(key) + Place.subprotocol.headers(key)
            case .query, .accessToken: []
            case .cookie: [("cookie", "api_key=\(key); authorization=Bearer \(key)")]
            case .basic: [("authorization", "Basic \(Data("user:\(key)".utf8).base64EncodedString())")]
            }
        }

        func query(_ key: String) -> String {
            switch self {
            case .query: "?api_key=\(key)&key=\(key)"
            case .accessToken: "?access_token=\(key)&token=\(key)"
            default: ""
            }
        }
    }

    private enum Outcome: Equatable {
        case admitted, invalidKey, denied
    }

    private static func expected(_ access: Access, _ caller: Caller?, _ place: Place) -> Outcome {
        guard case .role(let needed) = access else { return .admitted }
        guard place.isTaken, let caller, caller != .revoked, caller != .expired else { return .invalidKey }
        let order: [Scope.Role] = [.viewer, .member, .admin]
        let has = order.firstIndex(of: caller.role) ?? 0
        return has >= order.firstIndex(of: needed) ?? 3 ? .admitted : .denied
    }

    private static func outcome(_ response: TestResponse) -> Outcome? {
        switch response.status {
        case 401: .invalidKey
        case 403: .denied
        // The body of every POST is `{}`, which no route takes, so that nothing is called; nobody asks for a socket.
        case 200, 400, 404, 415, 426: .admitted
        default: nil
        }
    }

    @Test("every route, for every kind of key, in every place: by its rule alone, and without a call to a provider")
    func matrix() async throws {
        try await KeyedServer.run { server in
            var cells = 0
            for route in server.routes {
                let path = route.path.replacing(try Regex(#"\{[^}]*\}"#), with: "auto")
                // Nobody's key, nobody at all, and everybody there is.
                let callers: [Caller?] = [nil] + Caller.allCases
                var refusals: Set<String> = []
                for place in Place.allCases {
                    for caller in callers {
                        server.clock.advance(by: .seconds(6))
                        let key = caller.map(KeyedServer.key) ?? "tutti_" + String(repeating: "w", count: 40)
                        let response = try await server.ask(
                            route.method, path + place.query(key), headers: place.headers(key), body: "{}")
                        let expected = Self.expected(route.access, caller, place)
                        let name = "\(route.method) \(path), \(caller?.rawValue ?? "wrong"), \(place.rawValue)"
                        #expect(Self.outcome(response) == expected, "\(name): \(response.status) \(response.text)")
                        if expected == .invalidKey { refusals.insert(response.seen) }
                        cells += 1
                    }
                }
                let without = try await server.ask(route.method, path, body: "{}")
                #expect(Self.outcome(without) == (route.access == .anyone ? .admitted : .invalidKey), "\(path)")
                if route.access != .anyone {
                    #expect(refusals == [without.seen], "every refusal of a key is the same to the byte: \(path)")
                    #expect(without["www-authenticate"] == "Bearer")
                }
            }
            #expect(cells == server.routes.count * 9 * 9 && cells > 900)
            #expect(server.calls.count == 0)
        }
    }

    @Test("the dialect of the path says it: OpenAI's envelope, Anthropic's, problem details")
    func envelopes() async throws {
        try await KeyedServer.run { server in
            let openAI = try JSON(try await server.ask("POST", "/v1/chat/completions", body: "{}").body)
            #expect(openAI["error"]?["code"] == "invalid_api_key")
            #expect(openAI["error"]?["type"] == "invalid_request_error")
            let anthropic = try JSON(try await server.ask("POST", "/v1/messages", body: "{}").body)
            #expect(anthropic["error"]?["type"] == "authentication_error")
            let native = try await server.ask("POST", "/api/orchestrator/chat", body: "{}")
            #expect(native["content-type"] == "application/problem+json")
            #expect(try JSON(native.body)["code"] == "invalid_api_key")
            let denied = try await server.ask(
                "POST", "/v1/messages", headers: [("x-api-key", KeyedServer.key(.viewer))], body: "{}")
            #expect(denied.status == 403)
            #expect(try JSON(denied.body)["error"]?["type"] == "permission_error")
        }
    }

    @Test("who has no key learns nothing of what there is: unknown paths and methods are refused like known ones")
    func unknownPaths() async throws {
        try await KeyedServer.run { server in
            let known = try await server.ask("GET", "/metrics")
            for (method, path) in [
                ("GET", "/"), ("GET", "/nothing"), ("DELETE", "/metrics"), ("POST", "/healthz"),
                ("GET", "/debug/pprof"),
                ("GET", "/api/admin"), ("GET", "/.env"), ("GET", "/metrics/"), ("GET", "//metrics"),
                ("GET", "/%6detrics"),
                ("GET", "/METRICS"), ("OPTIONS", "/metrics"), ("PUT", "/nothing"),
            ] {
                let response = try await server.ask(method, path)
                #expect(response.status == 401 && response["allow"] == nil, "\(method) \(path)")
                // The path stands nowhere in the answer.
                #expect(response.seen == known.seen, "\(method) \(path)")
            }
            let keyed = [("x-api-key", KeyedServer.key(.viewer))]
            #expect(try await server.ask("GET", "/nothing", headers: keyed).status == 404)
            #expect(try await server.ask("DELETE", "/metrics", headers: keyed).status == 405)
        }
    }

    @Test("two different keys are refused, whichever of them is right, and neither is tried")
    func conflicting() async throws {
        try await KeyedServer.run { server in
            let right = KeyedServer.key(.admin)
            for other in [KeyedServer.key(.member), "wrong", ""] {
                for headers in [
                    [("authorization", "Bearer \(right)"), ("x-api-key", other)],
                    [("x-api-key", right), ("authorization", "Bearer \(other)")],
                    [("x-api-key", right), ("x-api-key", other)],
                    [("authorization", "Bearer \(right)"), ("sec-websocket-protocol", "bearer.\(other)")],
                ] {
                    let response = try await server.ask("POST", "/v1/chat/completions", headers: headers, body: "{}")
                    #expect(response.status == 400)
                    #expect(try JSON(response.body)["error"]?["code"] == "conflicting_keys")
                    #expect(!response.text.contains(right))
                }
            }
            #expect(try await server.count(of: "conflicting") == "12")
            #expect(try await server.count(of: "unknown") == "0")
            #expect(
                try await server.ask("GET", "/healthz", headers: [("x-api-key", "a"), ("api-key", "b")]).status == 200)
        }
    }

    @Test("hostile keys are wrong keys: the same bytes, no trap, and nothing of them in the log")
    func hostile() async throws {
        try await KeyedServer.run(more: ", max_headers: 1MB") { server in
            let right = KeyedServer.key(.member)
            let expected = try await server.ask("GET", "/v1/models")
            #expect(expected.status == 401)
            for value in [
                "Bearer", "Bearer canary-' OR 1=1--", "Bearer canary-\(right)", "Bearer \(right)canary",
                "Bearer \(right.uppercased())", "Bearer \(right.dropLast())", "Bearer \(right) canary",
                "Bearer canary-%s%n${jndi:ldap://x}", "Bearer canary\u{fffd}é😀", "Bearer ../../canary", "Bearer null",
                "Bearer canary" + String(repeating: "x", count: 1_000_000), "Bearer  ",
            ] {
                server.clock.advance(by: .seconds(6))
                let response = try await server.ask("GET", "/v1/models", headers: [("authorization", value)])
                #expect(response.seen == expected.seen, "\(value.prefix(60))")
            }
            server.clock.advance(by: .seconds(6))
            let client = try await TCPClient.connect(server.port)
            let head = "GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx-request-id: of-a-test\r\nauthorization: Bearer "
            try await client.send(Array(head.utf8) + [0xff, 0xc0, 0x80, 0xfe] + Array("\r\n\r\n".utf8))
            #expect(try await client.readResponse().seen == expected.seen)
            client.close()
            for key in [right, " \(right)  "] {
                let response = try await server.ask("GET", "/v1/models", headers: [("authorization", "bEARER \(key)")])
                #expect(response.status == 200)
            }
            for secret in ["canary", "kkkkkk", KeyedServer.pepper, "1=1"] {
                #expect(!server.logged.contains(secret), "\(secret)")
            }
            #expect(server.logged.contains("\"key\":\"member\""), "the log names keys by their names")
        }
    }
}
