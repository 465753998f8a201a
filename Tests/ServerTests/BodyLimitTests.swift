import TestKit
import Testing

@testable import Server

@Suite("Bodies over a limit", .timeLimit(.minutes(1)))
struct BodyLimitTests {
    @Test("the setting is named where it is the limit, and not where the route has one of its own")
    func hint() async throws {
        try await KeyedServer.run(more: ", max_body: 8KB") { server in
            let key = [("x-api-key", KeyedServer.key(.admin))]
            func refusal(_ method: String, _ path: String, _ count: Int) async throws -> String {
                let body = String(repeating: " ", count: count)
                let answer = try await server.ask(method, path, headers: key, body: body)
                #expect(answer.status == 413, "\(path)")
                return answer.text
            }
            for (method, path) in [
                ("POST", "/api/orchestrator/cancel"), ("PUT", "/api/admin/log-level"), ("POST", "/api/admin/reload"),
            ] {
                let text = try await refusal(method, path, 5000)
                #expect(text.contains("4096 bytes") && !text.contains("max_body"), "\(text)")
            }
            for path in [
                "/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens", "/v1/responses", "/v1/embeddings",
                "/api/orchestrator/chat",
            ] {
                let text = try await refusal("POST", path, 9000)
                #expect(text.contains("8192 bytes (`server.max_body`)"), "\(text)")
            }
        }
    }
}
