import Base
import JSON
import Models
import TestKit
import Testing

@testable import Resilience
@testable import Server
@testable import Telemetry

@Suite("The health of providers")
struct GatewayHealthTests {
    private static let groq = Target(provider: "groq", model: "llama")
    private static let openai = Target(provider: "openai", model: "mini")
    private let clock = TestClock()
    private let board: BreakerBoard<KeyedTarget>

    init() {
        board = BreakerBoard(
            time: clock, credential: { KeyedTarget(Target(provider: $0.target.provider, model: ""), key: $0.key) },
            policy: { _ in BreakerPolicy(failures: 2) })
    }

    private func health(
        limits: [String: LimitSnapshot] = [:], total: LimitSnapshot? = nil, rates: [Target: CallRates.Sum] = [:]
    ) -> GatewayHealth {
        GatewayHealth(
            providers: ["openai", "groq"], knownTargets: [Self.groq, Self.openai], circuits: board.snapshot(),
            limits: limits, total: total, rates: rates)
    }

    private func call(_ end: CallEnd, at target: Target = groq, key: Int = 0) throws {
        try board.circuit(for: KeyedTarget(target, key: key)).permit().end(end)
    }

    private func trip(_ target: Target = groq, key: Int = 0) throws {
        for _ in 0..<2 { try call(.failed(.providerFailed), at: target, key: key) }
    }

    /// The one circuit of groq's model, as the route shows it.
    private func circuit(_ health: GatewayHealth) -> String {
        let circuit = health.json["providers"]?[1]?["models"]?[0]?["circuits"]?[0]
        return circuit.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "none"
    }

    private func statuses(_ health: GatewayHealth) -> [String?] {
        [health.json["status"]?.string] + (health.json["providers"]?.array ?? []).map { $0["status"]?.string }
    }

    @Test("before the first call all is well, every configured model is shown, and nothing is known")
    func beginning() {
        #expect(
            String(decoding: health().json.bytes, as: UTF8.self)
                == #"{"status":"ok","providers":["#
                + #"{"name":"openai","status":"ok","load":null,"models":"#
                + #"[{"name":"mini","status":"ok","recentCalls":0,"successRate":null,"circuits":[]}]},"#
                + #"{"name":"groq","status":"ok","load":null,"models":"#
                + #"[{"name":"llama","status":"ok","recentCalls":0,"successRate":null,"circuits":[]}]}]}"#)
        #expect(String(decoding: GatewayHealth().json.bytes, as: UTF8.self) == #"{"status":"ok","providers":[]}"#)
    }

    @Test("a circuit that works is shown as closed, with its last error")
    func closed() throws {
        try call(.failed(.providerTimeout))
        #expect(statuses(health()) == ["ok", "ok", "ok"])
        #expect(
            circuit(health()) == #"{"key":0,"state":"closed","refusal":null,"retryAfterMs":null,"keyRejected":false,"#
                + #""lastError":"provider_timeout","transitions":[]}"#)
    }

    @Test("an open circuit says until when, why, and since when; one provider of two makes all degraded")
    func open() throws {
        try trip()
        clock.advance(by: .milliseconds(1500))
        #expect(statuses(health()) == ["degraded", "ok", "degraded"])
        #expect(
            circuit(health()) == #"{"key":0,"state":"open","refusal":"open","retryAfterMs":28500.0,"#
                + #""keyRejected":false,"lastError":"provider_failed","transitions":"#
                + #"[{"from":"closed","to":"open","cause":"consecutive_failures","agoMs":1500.0}]}"#)
    }

    @Test("an open circuit whose time is over stays degraded until its probe has closed it")
    func halfOpen() throws {
        try trip()
        clock.advance(by: .seconds(30))
        #expect(statuses(health()) == ["degraded", "ok", "degraded"])
        #expect(circuit(health()).contains(#""state":"open","refusal":null,"retryAfterMs":null"#))
        let permit = try board.circuit(for: KeyedTarget(Self.groq)).permit()
        #expect(circuit(health()).contains(#""state":"half_open","refusal":"probing","retryAfterMs":1000.0"#))
        #expect(statuses(health()) == ["degraded", "ok", "degraded"])
        permit.end(.succeeded(after: .seconds(1)))
        #expect(statuses(health()) == ["ok", "ok", "ok"])
    }

    @Test("a provider that rests is degraded, though its circuit is closed")
    func resting() throws {
        try call(.rateLimited(retryAfter: 20))
        #expect(
            circuit(health()) == #"{"key":0,"state":"closed","refusal":"rate_limited","retryAfterMs":20000.0,"#
                + #""keyRejected":false,"lastError":null,"transitions":[]}"#)
        #expect(statuses(health()) == ["degraded", "ok", "degraded"])
        clock.advance(by: .seconds(20))
        #expect(statuses(health()) == ["ok", "ok", "ok"])
    }

    @Test("a rejected key is shown by its place alone, beside one that works")
    func rejected() throws {
        try call(.succeeded(after: .seconds(1)))
        try call(.rejectedKey, key: 3)
        let circuits = health().json["providers"]?[1]?["models"]?[0]?["circuits"]
        #expect(circuits?[0]?["keyRejected"] == false)
        #expect(circuits?[1]?["keyRejected"] == true)
        #expect(circuits?[1]?["key"] == 3)
        #expect(circuits?[2] == nil)
        #expect(statuses(health()) == ["degraded", "ok", "degraded"])
    }

    @Test("what somebody has forced is shown, and forced open is degraded", arguments: [true, false])
    func forced(_ isOpen: Bool) {
        board.circuit(for: KeyedTarget(Self.groq)).force(isOpen ? .forcedOpen : .forcedClosed)
        #expect(circuit(health()).contains(isOpen ? #""state":"forced_open""# : #""state":"forced_closed""#))
        #expect(health().isWell != isOpen)
    }

    @Test("the last ten transitions are shown, the latest at the end")
    func history() throws {
        try trip()
        for _ in 0..<8 {
            clock.advance(by: .seconds(300))
            try call(.failed(.providerUnreachable))
        }
        #expect(board.circuit(for: KeyedTarget(Self.groq)).snapshot.transitionCount == 17)
        let transitions = try #require(health().providers[1].models[0].circuits.first).transitions
        #expect(transitions.count == 10)
        #expect(transitions.last?.to.name == "open")
        #expect(transitions.last?.ago == .zero)
        #expect(transitions.first?.ago == .seconds(1200))
        #expect(transitions.map(\.ago) == transitions.map(\.ago).sorted(by: >))
    }

    @Test("models that only clients name are shown as one, the worst of them")
    func others() throws {
        for number in 0..<100 {
            try call(.succeeded(after: .seconds(1)), at: Target(provider: "groq", model: "made-up-\(number)"))
        }
        try trip(Target(provider: "groq", model: "made-up-50"))
        for seconds in [5.0, 10] {
            try call(.rateLimited(retryAfter: seconds), at: Target(provider: "groq", model: "made-up-\(seconds)"))
        }
        let models = health().providers[1].models
        #expect(models.map(\.name) == ["llama", "other"])
        #expect(models[1].circuits.map(\.state.name) == ["open"])
        #expect(!String(decoding: health().json.bytes, as: UTF8.self).contains("made-up"))
    }

    @Test("load and rates are shown, also of a provider that the list does not have")
    func figures() {
        func limit(_ inFlight: Int) -> LimitSnapshot {
            LimitSnapshot(
                limit: 64, inFlight: inFlight, waitingInteractive: 2, waitingBulk: 1, expectedWait: .zero,
                baseline: nil, admitted: 9, refused: 0)
        }
        let health = health(
            limits: ["groq": limit(5), "late": limit(1)], total: limit(6),
            rates: [
                Self.groq: .init(calls: 4, successes: 3), Target(provider: "groq", model: "other"): .init(calls: 1),
            ])
        #expect(health.providers.map(\.name) == ["openai", "groq", "late"])
        let load = #"{"running":5,"limit":64,"waitingInteractive":2,"waitingBulk":1}"#
        let groq = health.json["providers"]?[1]
        #expect(groq?["load"]?.bytes == Array(load.utf8))
        #expect(health.json["load"]?["running"] == 6)
        #expect(groq?["models"]?[0]?["recentCalls"] == 4 as JSON || groq?["models"]?[0]?["recentCalls"] == .uint(4))
        #expect(groq?["models"]?[0]?["successRate"] == 0.75)
        #expect(groq?["models"]?[1]?["successRate"]?.double == 0)
    }

    // MARK: Metrics

    private func gauges(_ metrics: ServerMetrics) -> [String] {
        String(decoding: PrometheusText.render(metrics.registry), as: UTF8.self).split(separator: "\n")
            .filter { line in
                ["tutti_circuit_state", "tutti_circuit_wait", "tutti_provider_", "tutti_calls_"].contains {
                    line.hasPrefix($0)
                }
            }.map { String($0).replacing("tutti_", with: "") }
    }

    @Test("metrics show what is, and no more of what was")
    func metrics() throws {
        let metrics = ServerMetrics(knownTargets: [Self.groq, Self.openai], time: clock)
        #expect(gauges(metrics) == ["calls_running 0", "calls_limit 0"])
        try trip()
        clock.advance(by: .milliseconds(500))
        try call(.rejectedKey, at: Self.openai, key: 1)
        let limit = LimitSnapshot(
            limit: 64, inFlight: 5, waitingInteractive: 2, waitingBulk: 1, expectedWait: .zero, baseline: nil,
            admitted: 9, refused: 0)
        metrics.show(health(limits: ["groq": limit], total: limit))
        #expect(
            gauges(metrics) == [
                "calls_running 5", "calls_limit 64", #"calls_waiting{priority="bulk"} 1"#,
                #"calls_waiting{priority="interactive"} 2"#, #"provider_calls_running{provider="groq"} 5"#,
                #"provider_calls_limit{provider="groq"} 64"#,
                #"provider_calls_waiting{provider="groq",priority="bulk"} 1"#,
                #"provider_calls_waiting{provider="groq",priority="interactive"} 2"#,
                #"circuit_state{provider="groq",model="llama",key="0"} 2"#,
                #"circuit_state{provider="openai",model="mini",key="1"} 0"#,
                #"circuit_wait_seconds{provider="groq",model="llama",key="0"} 30"#,
                #"circuit_wait_seconds{provider="openai",model="mini",key="1"} 300"#,
                #"provider_key_rejected{provider="groq",key="0"} 0"#,
                #"provider_key_rejected{provider="openai",key="1"} 1"#,
            ])
        metrics.show(GatewayHealth())
        #expect(gauges(metrics).filter { $0.contains("circuit") || $0.contains("provider") } == [])
    }
}
