import Base
import HTTPServer
import JSON
import Models
import Telemetry
import TestKit
import Testing

@testable import Resilience
@testable import Server

@Suite("The health routes")
struct HealthRouteTests {
    private static let target = Target(provider: "groq", model: "llama")

    /// What a route answers while the provider's circuit is open.
    private func ask(
        _ path: String, isDraining: Bool, showsDetails: Bool = true
    ) async throws -> (status: Int, body: String) {
        let clock = TestClock()
        let metrics = ServerMetrics(knownTargets: [Self.target], time: clock)
        let board = BreakerBoard<KeyedTarget>(time: clock, policy: { _ in BreakerPolicy(failures: 1) })
        try board.circuit(for: KeyedTarget(Self.target)).permit().end(.failed(.providerUnreachable))
        let drainState = DrainState()
        if isDraining { drainState.begin() }
        var health = HealthRoutes(drainState: drainState, metrics: metrics) {
            GatewayHealth(providers: ["groq"], knownTargets: [Self.target], circuits: board.snapshot())
        }
        health.showsDetails = { _ in showsDetails }
        let pipeline = RequestPipeline(
            routes: health.routes, hostAndOrigin: HostAndOrigin(hosts: [], origins: []),
            logger: Logger(sink: MemoryLog(), level: .error, time: clock), metrics: metrics, drainState: drainState,
            time: clock, generator: SeededGenerator(seed: 3))
        let response = try await TestServer.run(
            handler: { request, writer in await pipeline.handle(request, writer) },
            { server in
                let client = try await server.connect()
                try await client.send("GET \(path) HTTP/1.1\r\nhost: localhost\r\n\r\n")
                return try await client.readResponse()
            })
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test("every one answers while a provider is down, and while the server stops", arguments: [false, true])
    func answers(_ isDraining: Bool) async throws {
        let live = try await ask("/healthz", isDraining: isDraining)
        #expect(live == (200, #"{"status":"ok"}"#))
        let ready = try await ask("/readyz", isDraining: isDraining)
        #expect(ready.status == (isDraining ? 503 : 200))
        let readiness = try JSON(Array(ready.body.utf8))
        #expect(readiness["status"]?.string == (isDraining ? "draining" : "ready"))
        #expect(readiness["checks"]?[2] == ["name": "provider/groq", "state": "degraded", "detail": "llama: open"])
        let short = try await ask("/readyz", isDraining: isDraining, showsDetails: false)
        #expect(short == (isDraining ? (503, #"{"status":"draining"}"#) : (200, #"{"status":"ready"}"#)))
        let health = try await ask("/health", isDraining: isDraining)
        #expect(health.status == 200)
        let json = try JSON(Array(health.body.utf8))
        #expect(json["status"] == "degraded")
        #expect(json["providers"]?[0]?["models"]?[0]?["circuits"]?[0]?["lastError"] == "provider_unreachable")
        let metrics = try await ask("/metrics", isDraining: isDraining)
        #expect(metrics.status == 200)
        #expect(
            metrics.body.contains("tutti_circuit_state{provider=\"groq\",model=\"llama\",key=\"0\"} 2\n"))
    }
}
