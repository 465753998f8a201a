import Base
import JSON
import TestKit
import Testing

@testable import Server

@Suite("Runs of others", .timeLimit(.minutes(2)))
struct KeyedRunTests {
    private func headers(_ caller: KeyedServer.Caller) -> [(String, String)] {
        [("authorization", "Bearer \(KeyedServer.key(caller))")]
    }

    @Test("another's run answers like one that is not there, byte for byte; only an admin ends everybody's turns")
    func scope() async throws {
        try await KeyedServer.run { server in
            let client = try await TCPClient.connect(server.port)
            try await server.send(
                client, "POST", "/api/orchestrator/chat", headers: headers(.member),
                body: #"{"message":"hi","stream":true,"resumable":true,"requestId":"turn-1"}"#)
            let seen = try await client.read(until: #""name":"execute""#)
            let run = try runID(of: seen)
            for other in [KeyedServer.Caller.colleague, .stranger, .admin] {
                for (real, made) in [(run, "run_none"), ("turn-1", "turn-2")] {
                    for cursor in ["", "?after=1"] {
                        let (path, none) = (
                            "/api/orchestrator/runs/\(real)/events\(cursor)",
                            "/api/orchestrator/runs/\(made)/events\(cursor)"
                        )
                        let theirs = try await server.ask("GET", path, headers: headers(other))
                        let nobodys = try await server.ask("GET", none, headers: headers(other))
                        #expect(theirs.status == 404 && theirs.seen == nobodys.seen, "\(other) \(path)")
                    }
                }
                if other != .admin {
                    let all = try await server.ask(
                        "POST", "/api/orchestrator/cancel-all", headers: headers(other), body: "{}")
                    #expect(all.text == #"{"cancelled":0}"#)
                }
            }
            let denied = try await server.ask(
                "POST", "/api/orchestrator/cancel-all", headers: headers(.colleague), body: #"{"scope":"all"}"#)
            #expect(try denied.status == 403 && denied.json["param"] == "scope")
            client.close()
            // The same user with another key.
            let own = try await server.ask(
                "POST", "/api/orchestrator/cancel-all", headers: headers(.second), body: "{}")
            #expect(own.text == #"{"cancelled":1}"#)
            let ended = try await server.ask("GET", "/api/orchestrator/runs/\(run)/events", headers: headers(.second))
            #expect(ended.status == 200 && ended.text.contains("event: CANCELLED"))
        }
    }
}
