import Base
import JSON
import Models
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Resilience
@testable import Server

@Suite("Alerts, and what the log tells of failures")
struct AlertTests {
    /// Keeps what it is told.
    private final class Alerts: AlertSink {
        private let told = Mutex<[Alert]>([])
        var all: [Alert] { told.withLock { $0 } }
        func alert(_ alert: Alert) { told.withLock { $0.append(alert) } }
    }

    private static let groq = Target(provider: "groq", model: "llama")
    private static let openai = Target(provider: "openai", model: "mini")
    private let clock = TestClock()
    private let log = MemoryLog()
    private let alerts = Alerts()
    private let context = RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))

    /// With the sink of this test, or else with the log's.
    private func telemetry(_ sink: (any AlertSink)?) -> ModelTelemetry {
        ModelTelemetry(
            metrics: ServerMetrics(knownTargets: [Self.groq, Self.openai]), spans: MemorySpans(),
            logger: Logger(sink: log, level: .debug, time: clock), time: clock, generator: SeededGenerator(seed: 1),
            alerts: sink)
    }

    private func lines() throws -> [JSON] {
        try log.text.split(separator: "\n").map { try JSON(Array($0.utf8)) }
    }

    private static func transition(
        _ from: Breaker.State, _ to: Breaker.State, _ cause: Breaker.Cause = .consecutiveFailures
    ) -> CircuitEvent {
        .transition(
            Breaker.Transition(
                number: 1, from: from, to: to, cause: cause, at: Instant(nanoseconds: 5), error: .providerFailed))
    }

    // MARK: The throttle

    private func at(_ seconds: Int) -> Instant { Instant(nanoseconds: UInt64(seconds) * 1_000_000_000) }

    private func alert(_ kind: Alert.Kind, _ provider: String?, _ model: String? = nil, key: Int? = nil) -> Alert {
        Alert(kind: kind, provider: provider, model: model, key: key, message: "")
    }

    @Test("one alert a minute of a kind, provider, model and key; others have their own minute")
    func throttle() {
        var throttle = AlertThrottle()
        let steps: [(Int, Alert, Bool)] = [
            (100, alert(.circuitOpened, "a", "m"), true), (100, alert(.circuitOpened, "a", "m"), false),
            (101, alert(.circuitOpened, "a", "n"), true), (101, alert(.circuitOpened, "b", "m"), true),
            (101, alert(.keyRejected, "a"), true), (101, alert(.keyRejected, "a", key: 1), true),
            (159, alert(.circuitOpened, "a", "m"), false), (160, alert(.circuitOpened, "a", "m"), true),
            (160, alert(.circuitOpened, "a", "n"), false), (219, alert(.circuitOpened, "a", "m"), false),
            (221, alert(.circuitOpened, "a", "m"), true), (50, alert(.circuitOpened, "a", "m"), false),
        ]
        for (number, (seconds, alert, isTold)) in steps.enumerated() {
            #expect(throttle.admits(alert, now: at(seconds)) == isTold, "step \(number)")
        }
    }

    @Test("of more targets than it remembers the later ones are not told of, until a minute has gone by")
    func bound() {
        var throttle = AlertThrottle(limit: 3)
        func told(_ range: Range<Int>, at seconds: Int) -> Int {
            range.count { throttle.admits(alert(.circuitOpened, "p\($0)"), now: at(seconds)) }
        }
        #expect(told(0..<1000, at: 10) == 3)
        #expect(told(0..<1000, at: 69) == 0)
        #expect(told(500..<1000, at: 70) == 3)
    }

    // MARK: What raises one

    @Test("a rejected key raises an alert without the key, once a minute")
    func keys() {
        let telemetry = telemetry(alerts)
        for _ in 0..<5 { telemetry.circuitChanged(KeyedTarget(Self.groq, key: 2), .keyRejected) }
        #expect(
            alerts.all == [
                Alert(
                    kind: .keyRejected, provider: "groq", model: nil, key: 2, code: .providerRejectedKey,
                    message: "The provider 'groq' does not accept its key. Configure another one.")
            ])
        clock.advance(by: .seconds(60))
        telemetry.circuitChanged(KeyedTarget(Self.openai, key: 2), .keyRejected)
        telemetry.circuitChanged(KeyedTarget(Self.groq, key: 2), .keyRejected)
        #expect(alerts.all.map(\.provider) == ["groq", "openai", "groq"])
    }

    private static let open = Breaker.State.open(until: Instant(nanoseconds: 9))
    private static let transitions: [(event: CircuitEvent, isTold: Bool)] = [
        (transition(.closed, open), true), (transition(.closed, open, .slowRate), true),
        (transition(open, .halfOpen(lease: nil), .probeDue), false),
        (transition(.halfOpen(lease: nil), open, .probeFailed), false),
        (transition(.halfOpen(lease: nil), .closed, .probeSucceeded), false),
        (transition(.closed, .forcedOpen, .forced), false), (transition(.forcedOpen, .closed, .forced), false),
        (.cooling(.rateLimited, for: .seconds(1)), false), (.keyAccepted, false),
    ]

    @Test(
        "a circuit that opens raises one, a probe that fails and what somebody has forced do not",
        arguments: transitions.indices)
    func circuits(_ row: Int) {
        telemetry(alerts).circuitChanged(KeyedTarget(Self.groq), Self.transitions[row].event)
        #expect(alerts.all.map(\.kind) == (Self.transitions[row].isTold ? [.circuitOpened] : []))
        #expect(alerts.all.allSatisfy { $0.provider == "groq" && $0.model == "llama" && $0.code == .providerFailed })
    }

    @Test("models that only clients name share one alert, and their names are not in it")
    func unknown() {
        let telemetry = telemetry(alerts)
        for number in 0..<300 {
            let target = Target(provider: "groq", model: "made-up-\(number)")
            telemetry.circuitChanged(KeyedTarget(target), Self.transition(.closed, Self.open))
        }
        #expect(alerts.all.map(\.model) == ["other"])
        #expect(alerts.all.allSatisfy { !$0.message.contains("made-up") })
    }

    @Test("a chain of which nobody can answer raises one a minute, no other event does")
    func exhausted() {
        let telemetry = telemetry(alerts)
        for _ in 0..<3 { telemetry.happened(.exhausted(after: .providerTimeout), context: context) }
        telemetry.happened(.degraded(.local, after: .providerTimeout), context: context)
        telemetry.happened(.retried(Self.groq, after: .providerFailed, delay: .zero), context: context)
        telemetry.happened(.timedOut(Self.groq, .total), context: context)
        #expect(alerts.all.map(\.kind) == [.allTargetsFailed])
        #expect(alerts.all.first?.code == .providerTimeout)
    }

    @Test(
        "by default an alert is one line of the log",
        arguments: [
            (CircuitEvent.keyRejected, "error", "key_rejected"),
            (transition(.closed, open), "warning", "circuit_opened"),
        ])
    func defaultSink(_ event: CircuitEvent, _ level: String, _ kind: String) throws {
        let telemetry = telemetry(nil)
        for _ in 0..<3 { telemetry.circuitChanged(KeyedTarget(Self.groq), event) }
        let told = try lines().filter { $0["message"]?.string == "alert" }
        #expect(told.count == 1)
        #expect(told.first?["level"]?.string == level)
        #expect(told.first?["alert"]?.string == kind)
        #expect(told.first?["provider"]?.string == "groq")
    }

    // MARK: The log

    private static let events: [(event: GatewayEvent, level: String, message: String, fields: [String])] = [
        (
            .retried(groq, after: .providerFailed, delay: .seconds(1)), "debug", "model asked again",
            ["code", "delay_ms"]
        ),
        (
            .failedOver(from: KeyedTarget(groq), to: KeyedTarget(openai), after: .providerFailed), "info",
            "failed over", ["to", "code", "key", "to_key"]
        ),
        (
            .failedOver(from: KeyedTarget(groq), to: KeyedTarget(openai), after: .modelUnavailable), "debug",
            "failed over", ["to", "code", "key", "to_key"]
        ),
        (.timedOut(groq, .firstToken), "debug", "time limit reached", ["limit"]),
        (.restarted(from: groq, after: .providerStreamBroken), "info", "broken stream begins anew", ["code"]),
        (
            .continued(from: groq, to: openai, after: .providerStreamBroken), "info", "broken stream goes on",
            ["code", "to"]
        ),
        (.hedge(groq, .hedged(after: .seconds(1))), "debug", "second model asked", ["duration_ms"]),
        (.hedge(groq, .won(.hedge, after: .zero)), "debug", "first of two models", ["side", "duration_ms"]),
        (.hedge(groq, .skipped(.budget)), "debug", "second model not asked", ["reason"]),
        (.limited(groq, .overloaded), "debug", "call refused by a limit", ["code"]),
        (.degraded(.text, after: .providerFailed), "info", "answer degraded", ["substitute", "code"]),
        (.chaos(groq), "debug", "fault put in on purpose", []),
    ]

    @Test(
        "every event is one line with its request, at a level that an outage cannot flood",
        arguments: events.indices)
    func logged(_ row: Int) throws {
        let (event, level, message, fields) = Self.events[row]
        telemetry(alerts).happened(event, context: context)
        let line = try #require(try lines().first)
        #expect(try lines().count == 1)
        #expect(line["level"]?.string == level)
        #expect(line["message"]?.string == message)
        #expect(line["request_id"]?.string == "req_1")
        for field in fields { #expect(line[field] != nil, "\(field)") }
    }

    @Test("an attempt that a provider failed is a warning; one that was refused before it was made is not")
    func attempts() throws {
        let telemetry = telemetry(alerts)
        let refused = CallRefusal(reason: .rateLimited, wait: .seconds(1)).error(of: "groq/llama")
        for error in [
            CodedError(.providerFailed, ""), refused, CodedError(.overloaded, ""), CodedError(.cancelled, ""),
        ] {
            telemetry.attemptEnded(
                Attempt(target: Self.groq, error: error, duration: .milliseconds(1), wasSent: error != refused),
                context: context)
        }
        #expect(try lines().map { $0["level"]?.string } == ["warning", "debug", "debug"])
    }
}
