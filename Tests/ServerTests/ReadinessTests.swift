import Base
import JSON
import Models
import Resilience
import Testing

@testable import Server

@Suite("Readiness")
struct ReadinessTests {
    private static func health(_ states: Breaker.State...) -> GatewayHealth {
        let circuits = states.enumerated().map { number, state in
            GatewayHealth.Circuit(
                key: number, state: state, refusal: nil, isKeyRejected: false, lastError: nil, transitions: [])
        }
        let model = GatewayHealth.Model(name: "llama", circuits: circuits)
        return GatewayHealth(providers: [.init(name: "groq", models: [model])])
    }

    private static func readiness(
        isDraining: Bool = false, folder: String? = nil, _ health: GatewayHealth, areReadable: Bool = true
    ) -> Readiness {
        Readiness(
            isDraining: isDraining, folder: folder, locals: [.init(provider: "small") { areReadable }], health: health)
    }

    private static let open = Breaker.State.open(until: Instant(nanoseconds: 1))

    @Test("it is ready when all is well, and every check says so")
    func well() throws {
        let readiness = Self.readiness(Self.health(.closed))
        #expect(readiness.status == .ready)
        #expect(readiness.httpStatus == 200)
        #expect(readiness.checks.map(\.name) == ["draining", "data", "provider/groq", "local/small"])
        #expect(readiness.checks.allSatisfy { $0.state == .ok })
    }

    @Test("what makes it unready, and what does not")
    func statuses() {
        let ill = Self.health(Self.open, .closed)
        #expect(Self.readiness(ill).status == .ready)
        #expect(Self.readiness(ill).checks[2].state == .degraded)
        #expect(Self.readiness(ill).checks[2].detail == "llama: open")
        #expect(Self.readiness(Self.health(), areReadable: false).status == .ready)
        #expect(Self.readiness(Self.health(), areReadable: false).checks.last?.state == .degraded)
        let full = Self.readiness(folder: "No space left on device", Self.health(.closed))
        #expect(full.status == .failing)
        #expect(full.httpStatus == 503)
        let stopping = Self.readiness(isDraining: true, folder: "x", Self.health(.closed))
        #expect(stopping.status == .draining)
        #expect(stopping.httpStatus == 503)
    }

    @Test("who may see no more sees the status alone")
    func short() {
        let readiness = Self.readiness(folder: "Read-only file system", Self.health(Self.open))
        #expect(readiness.json(isComplete: false) == ["status": "failing"])
        #expect(readiness.json(isComplete: true)["checks"]?.array?.count == 4)
    }

    @Test("a provider with many models in trouble names some of them")
    func many() throws {
        let models = (0..<50).map { number in
            GatewayHealth.Model(
                name: "m\(number)",
                circuits: [
                    .init(
                        key: 0, state: .halfOpen(lease: nil), refusal: nil, isKeyRejected: true, lastError: nil,
                        transitions: [])
                ])
        }
        let readiness = Self.readiness(GatewayHealth(providers: [.init(name: "groq", models: models)]))
        let detail = try #require(readiness.checks[2].detail)
        #expect(detail.hasPrefix("m0: key rejected; m1: key rejected"))
        #expect(detail.hasSuffix("; 42 more"))
    }
}
