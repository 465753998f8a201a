import Base
import HTTP
import HTTPServer
import Models
import Resilience
import TestKit
import Testing

@testable import Models
@testable import Server
@testable import Telemetry

@Suite("How many series there are")
struct MetricCardinalityTests {
    private static let target = Target(provider: "groq", model: "llama")
    private let context = RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))

    /// The names of all series, without their values.
    private func series(_ metrics: ServerMetrics) -> [Substring] {
        String(decoding: PrometheusText.render(metrics.registry), as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map { $0.prefix(upTo: $0.lastIndex(of: " ") ?? $0.endIndex) }
    }

    /// What a client may come up with: random bytes as text, quotes and line ends among them.
    private func word(_ generator: inout SeededGenerator) -> String {
        let odd = ["\"", "\n", "\\", "}", "{", "\u{1b}[31m", "é", "other"]
        return (0..<(1 + generator.next() % 6)).map { _ in
            let draw = generator.next()
            return draw % 3 == 0 ? odd[Int(draw / 3 % 8)] : String(draw % 1_000_000, radix: 36)
        }.joined()
    }

    private func flood(_ metrics: ServerMetrics, _ generator: inout SeededGenerator, rounds: Int) {
        let codes: [ErrorCode?] = [nil, .providerFailed, .providerTimeout, .invalidValue]
        let meters = ["/v1/models", "other"].map { metrics.requestMeter(route: $0) }
        for round in 0..<rounds {
            let target = Target(provider: "groq", model: word(&generator))
            let code = codes[round % codes.count]
            let error = code.map { CodedError($0, word(&generator), param: word(&generator)) }
            metrics.attemptEnded(Attempt(target: target, error: error, duration: .milliseconds(1)), context: context)
            metrics.answerEnded(
                AnswerReport(
                    target: target, requestedModel: word(&generator), streaming: round % 2 == 0,
                    usage: Usage(promptTokens: 1, completionTokens: 1), finishReason: .other(word(&generator)),
                    error: code, duration: .seconds(1), timeToFirstEvent: .seconds(1), events: 1), context: context)
            metrics.happened(.chaos(target), context: context)
            metrics.happened(.limited(target, .overloaded), context: context)
            metrics.happened(.timedOut(target, .total), context: context)
            meters[round % 2].requestEnded(
                method: ServerMetrics.known(method: word(&generator)), status: [200, 404, 405][round % 3],
                duration: .milliseconds(1))
        }
    }

    @Test("whatever clients make up, after a first flood no other makes a series", arguments: [1, 7, 42])
    func flood(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let metrics = ServerMetrics(knownTargets: [Self.target])
        flood(metrics, &generator, rounds: 60)
        let known = series(metrics)
        flood(metrics, &generator, rounds: 2000)
        #expect(series(metrics) == known)
        #expect(!known.contains { $0.contains("overflow") })
    }

    @Test("requests of made-up methods, paths and headers make no series beside `other`'s")
    func requests() async throws {
        let clock = TestClock()
        let metrics = ServerMetrics(knownTargets: [Self.target], time: clock)
        let drainState = DrainState()
        let pipeline = RequestPipeline(
            routes: HealthRoutes(drainState: drainState, metrics: metrics).routes,
            hostAndOrigin: HostAndOrigin(hosts: [], origins: []),
            logger: Logger(sink: NoLog(), level: .error, time: clock), metrics: metrics, drainState: drainState,
            time: clock, generator: SeededGenerator(seed: 3))
        try await TestServer.run(handler: { request, writer in await pipeline.handle(request, writer) }) { server in
            func ask(_ from: Int, _ to: Int) async throws {
                let client = try await server.connect()
                for number in from..<to {
                    let headers = "host: localhost\r\nx-request-id: w\(number)\r\nuser-agent: w\(number)\r\n"
                    for line in ["W\(number) /healthz", "GET /w\(number)", "POST /healthz", "GET /healthz?w\(number)"] {
                        try await client.send("\(line) HTTP/1.1\r\n\(headers)\r\n")
                        _ = try await client.readResponse()
                    }
                }
            }
            try await ask(0, 5)
            let known = series(metrics)
            try await ask(5, 60)
            #expect(series(metrics) == known)
            #expect(known.contains { $0.contains(#"route="other",method="GET",status="404""#) })
            #expect(known.contains { $0.contains(#"route="other",method="other",status="405""#) })
        }
    }

    @Test("a metric that is full counts on as `other`, and how often is shown")
    func overflow() {
        let registry = Metrics()
        registry.showOverflows("overflow_total", "How often.")
        let family = registry.counter("a_total", "As.", labels: ["x", "y"])
        let quiet = registry.counter("b_total", "Bs.", labels: ["x"])
        for number in 0..<1500 { family.with("\(number)", "1").add() }
        family.with("3", "1").add()
        quiet.with("1").add()
        let text = String(decoding: PrometheusText.render(registry), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("a_total{") } == 1001)
        #expect(lines.contains(#"a_total{x="other",y="other"} 500"#))
        #expect(lines.contains(#"a_total{x="3",y="1"} 2"#))
        #expect(lines.filter { $0.hasPrefix("overflow_total") } == [#"overflow_total{metric="a_total"} 500"#])
    }

    @Test("of gauges that are replaced by too many, those that are left out are counted")
    func replaced() {
        let registry = Metrics()
        registry.showOverflows("overflow_total", "How often.")
        let family = registry.gauge("a", "As.", labels: ["x"])
        family.replace(Dictionary(uniqueKeysWithValues: (0..<1200).map { (["\($0)"], 1) }))
        let text = String(decoding: PrometheusText.render(registry), as: UTF8.self)
        #expect(text.contains("overflow_total{metric=\"a\"} 200\n"))
    }
}
