import Base
import Testing

@testable import Models
@testable import Orchestrator
@testable import Server
@testable import Telemetry

@Suite("The server's metrics")
struct ServerMetricsTests {
    private let context = RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))
    private let metrics = ServerMetrics(knownTargets: [Target(provider: "groq", model: "llama")])

    private var text: String { String(decoding: PrometheusText.render(metrics.registry), as: UTF8.self) }

    /// The series of this name that have counted something.
    private func lines(_ name: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix(name + "{") && !$0.hasSuffix(" 0") }.map(String.init)
    }

    private func tell(of model: String, error: CodedError? = nil) {
        let target = Target(provider: "groq", model: model)
        metrics.attemptEnded(Attempt(target: target, error: error, duration: .milliseconds(2)), context: context)
        metrics.answerEnded(
            AnswerReport(
                target: target, requestedModel: model, streaming: true,
                usage: Usage(promptTokens: 3, completionTokens: 4), finishReason: .stop, error: error?.code,
                duration: .seconds(1), timeToFirstEvent: .milliseconds(20), events: 5), context: context)
    }

    @Test("a model that the configuration names is a label; whatever else a client makes up is `other`")
    func models() {
        tell(of: "llama")
        for number in 0..<2000 { tell(of: "made-up-\(number)\n\"}") }
        #expect(
            lines("tutti_gateway_attempts_total") == [
                #"tutti_gateway_attempts_total{provider="groq",model="llama",code="ok"} 1"#,
                #"tutti_gateway_attempts_total{provider="groq",model="other",code="ok"} 2000"#,
            ])
        #expect(!text.contains("made-up"))
    }

    @Test("methods beyond the known ones are `other`", arguments: ["BREW", "get", "", "GET\n", "PROPFIND"])
    func methods(_ method: String) { #expect(ServerMetrics.known(method: method) == "other") }

    @Test("a request counts under route, method and status, and its time under the route")
    func requests() {
        let meter = metrics.requestMeter(route: "/v1/models")
        meter.requestEnded(method: "GET", status: 200, duration: .milliseconds(3))
        meter.requestEnded(method: "GET", status: 404, duration: .milliseconds(3))
        #expect(
            lines("tutti_http_requests_total") == [
                #"tutti_http_requests_total{route="/v1/models",method="GET",status="200"} 1"#,
                #"tutti_http_requests_total{route="/v1/models",method="GET",status="404"} 1"#,
            ])
        #expect(
            lines("tutti_http_request_duration_seconds_count") == [
                #"tutti_http_request_duration_seconds_count{route="/v1/models"} 2"#
            ])
    }

    @Test("a failed call counts under its code, with its tokens")
    func failures() {
        tell(of: "llama", error: CodedError(.providerStreamBroken, "x"))
        #expect(
            lines("tutti_gateway_attempts_total") == [
                #"tutti_gateway_attempts_total{provider="groq",model="llama",code="provider_stream_broken"} 1"#
            ])
        let calls = lines("gen_ai_client_operation_duration_seconds_count")
        #expect(calls.count == 1 && calls[0].contains(#"error_type="provider_stream_broken""#))
        #expect(lines("gen_ai_client_token_usage_sum").map { $0.suffix(2) } == [" 3", " 4"])
    }

    @Test("what was never sent is told apart from what a provider has said by the same code")
    func notSent() throws {
        let target = try #require(Target("groq/llama"))
        let error = CodedError(.modelUnavailable, "Its circuit is open.")
        for wasSent in [true, false] {
            let attempt = Attempt(target: target, error: error, duration: .zero, wasSent: wasSent)
            metrics.attemptEnded(attempt, context: context)
        }
        #expect(
            lines("tutti_gateway_attempts_total") == [
                #"tutti_gateway_attempts_total{provider="groq",model="llama",code="model_unavailable"} 1"#,
                #"tutti_gateway_attempts_total{provider="groq",model="llama",code="not_sent"} 1"#,
            ])
    }

    @Test("a remembered turn counts under its verdict", arguments: [GuardVerdict.passed, .incomplete])
    func turns(_ verdict: GuardVerdict) {
        let target = Target(provider: "groq", model: "llama")
        metrics.remember(
            RunRecord(
                input: InputSummary(), plan: Plan(model: "auto", route: Route(chain: [target])), target: target,
                attempts: 1,
                verdict: verdict, streaming: false), context: context)
        #expect(lines("tutti_turns_total") == ["tutti_turns_total{verdict=\"\(verdict.rawValue)\"} 1"])
    }
}
