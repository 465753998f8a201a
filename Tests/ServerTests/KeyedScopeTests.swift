import Base
import Foundation
import JSON
import TestKit
import Testing

@testable import Server

@Suite("What belongs to others", .timeLimit(.minutes(2)))
struct KeyedScopeTests {
    private typealias Caller = KeyedServer.Caller

    private func headers(_ caller: Caller) -> [(String, String)] {
        [("authorization", "Bearer \(KeyedServer.key(caller))")]
    }

    private func cancel(_ id: String, as caller: Caller, _ server: KeyedServer) async throws -> TestResponse {
        try await server.ask(
            "POST", "/api/orchestrator/cancel", headers: headers(caller), body: #"{"requestId":"\#(id)"}"#)
    }

    /// Begins a turn that the upstream never answers.
    private func begin(_ id: String, as caller: Caller, _ server: KeyedServer) async throws -> TCPClient {
        let client = try await TCPClient.connect(server.port)
        try await server.send(
            client, "POST", "/api/orchestrator/chat", headers: headers(caller),
            body: #"{"message":"hi","requestId":"\#(id)"}"#)
        await server.calls.next()
        return client
    }

    @Test("a running turn of another user or tenant answers like one that is not there, byte for byte")
    func cancelling() async throws {
        try await KeyedServer.run { server in
            let turn = try await begin("turn-1", as: .member, server)
            for other in [Caller.colleague, .stranger, .admin] {
                let real = try await cancel("turn-1", as: other, server)
                let made = try await cancel("turn-2", as: other, server)
                #expect(real.status == 404 && real.seen == made.seen, "\(other)")
            }
            // The same id for another one's turn is no conflict, and shows no other's.
            let theirs = try await begin("turn-1", as: .stranger, server)
            #expect(try await cancel("turn-1", as: .colleague, server).status == 404)
            // The user's own, with another key of theirs.
            #expect(try await cancel("turn-1", as: .second, server).status == 200)
            #expect(try await turn.readResponse().status == 499)
            #expect(try await cancel("turn-1", as: .member, server).status == 404)
            #expect(try await cancel("turn-1", as: .stranger, server).status == 200)
            #expect(try await theirs.readResponse().status == 499)
            #expect(server.calls.count == 2)
            turn.close()
            theirs.close()
        }
    }

    @Test("an id in the header that another's turn has is echoed like any other")
    func echo() async throws {
        try await KeyedServer.run { server in
            let turn = try await begin("of-a-test", as: .member, server)
            for (caller, status) in [(Caller.stranger, 400), (.colleague, 400)] {
                let response = try await server.ask(
                    "POST", "/v1/chat/completions", headers: headers(caller), body: "{}")
                #expect(response.status == status && response["x-request-id"] == "of-a-test")
            }
            let theirs = try await begin("of-a-test", as: .colleague, server)
            let own = try await server.ask(
                "POST", "/api/orchestrator/chat", headers: headers(.second),
                body: #"{"message":"hi","requestId":"of-a-test"}"#)
            #expect(own.status == 409, "their own is told of")
            #expect(try await cancel("of-a-test", as: .member, server).status == 200)
            #expect(try await cancel("of-a-test", as: .colleague, server).status == 200)
            _ = try await (turn.readResponse(), theirs.readResponse())
            turn.close()
            theirs.close()
        }
    }

    @Test("wrong keys of a network are refused faster and faster told to wait, a right one there is always taken")
    func throttle() async throws {
        try await KeyedServer.run { server in
            func ask(_ key: String) async throws -> TestResponse {
                try await server.ask("GET", "/v1/models", headers: [("x-api-key", key)])
            }
            for number in 0..<10 { #expect(try await ask("wrong-\(number)").status == 401) }
            for number in 0..<30 {
                let response = try await ask("wrong-\(number)")
                #expect(response.status == 429 && response["retry-after"] == "6")
                #expect(try JSON(response.body)["error"]?["code"] == "too_many_wrong_keys")
                #expect(try await ask(KeyedServer.key(.member)).status == 200)
            }
            // No key is no guess.
            #expect(try await server.ask("GET", "/v1/models").status == 401)
            #expect(try await ask(KeyedServer.key(.revoked)).status == 429)
            server.clock.advance(by: .seconds(6))
            #expect(try await ask(KeyedServer.key(.expired)).status == 401)
            #expect(try await ask("wrong").status == 429)
            for (decision, count) in [("unknown", "10"), ("throttled", "32"), ("expired", "1"), ("missing", "1")] {
                #expect(try await server.count(of: decision) == count, "\(decision)")
            }
            let audit = server.logged.split(separator: "\n").filter { $0.contains("key refused") }
            #expect(audit.count == 11, "one line for each that was answered as wrong, none for the flood")
            #expect(audit.last?.contains(#""decision":"expired","key":"expired","client":"127.0.0.1""#) == true)
            #expect(!server.logged.contains("wrong-"))
        }
    }

    @Test("a key is not tried unseen where none is needed: it counts as elsewhere, and the answer stays the same")
    func unneeded() async throws {
        try await KeyedServer.run { server in
            func ask(_ headers: [(String, String)] = []) async throws -> TestResponse {
                try await server.ask("GET", "/readyz", headers: headers)
            }
            let plain = try await ask().seen
            #expect(plain.contains(#"{"status":"ready"}"#))
            for number in 0..<12 { #expect(try await ask([("x-api-key", "wrong-\(number)")]).seen == plain) }
            #expect(try await ask([("x-api-key", KeyedServer.key(.revoked))]).seen == plain)
            #expect(try await ask([("x-api-key", "a"), ("api-key", "b")]).seen == plain)
            // A right one is taken all the while.
            #expect(try await ask([("x-api-key", KeyedServer.key(.viewer))]).text.contains(#""checks":"#))
            #expect(try await server.ask("GET", "/v1/models", headers: [("x-api-key", "wrong")]).status == 429)
            for (decision, count) in [("unknown", "10"), ("throttled", "4"), ("conflicting", "1"), ("missing", "0")] {
                #expect(try await server.count(of: decision) == count, "\(decision)")
            }
            #expect(server.logged.split(separator: "\n").count { $0.contains("key refused") } == 10)
        }
    }

    @Test("docs/api.md lists every route with who may use it, and no other; open ones are those and only those")
    func document() async throws {
        let row = try Regex(#"^\| `(GET|POST|PUT|DELETE|PATCH) (/[^`]*)` \| (\w+) \|"#)
        let variable = try Regex(#"\{[^}]*\}"#)
        let documented = try Project.text("docs/api.md").components(separatedBy: "\n").compactMap { line -> String? in
            guard let match = line.firstMatch(of: row), let method = match.output[1].substring,
                let path = match.output[2].substring, let who = match.output[3].substring
            else { return nil }
            return "\(method) \(String(path).replacing(variable, with: "{}")) \(who)"
        }
        try await KeyedServer.run { server in
            let routes = server.routes.map { route in
                let who =
                    switch route.access {
                    case .anyone: "anyone"
                    case .role(let role): role.rawValue
                    }
                return "\(route.method) \(route.path.replacing(variable, with: "{}")) \(who)"
            }
            #expect(Set(documented) == Set(routes))
            #expect(documented.count == Set(documented).count && documented.count == routes.count)
        }
    }
}
