import Base
import TestKit
import Testing

@testable import Models
@testable import Resilience
@testable import Server
@testable import Telemetry

@Suite("Metrics of what the gateway does about failures")
struct GatewayEventMetricsTests {
    private static let groq = Target(provider: "groq", model: "llama")
    private static let openai = Target(provider: "openai", model: "mini")
    private static let unknown = Target(provider: "groq", model: "a client's \"own\"\n")
    private let context = RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))
    private let metrics = ServerMetrics(knownTargets: [groq, openai])

    /// Every series that is not 0, without the `tutti_` of its name.
    private var counted: [String] {
        String(decoding: PrometheusText.render(metrics.registry), as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") && !$0.hasSuffix(" 0") }.map { String($0).replacing("tutti_", with: "") }
    }

    private static let loss = HedgeRace.Loss(side: .primary, ran: .seconds(1), stoppedAfter: .milliseconds(2))

    private static let table: [(event: GatewayEvent, series: String)] = [
        (
            .retried(groq, after: .providerFailed, delay: .seconds(1)),
            #"gateway_retries_total{provider="groq",model="llama",code="provider_failed"} 1"#
        ),
        (
            .failedOver(from: KeyedTarget(groq), to: KeyedTarget(openai), after: .providerTimeout),
            #"gateway_failovers_total{provider="groq",model="llama",to="target",code="provider_timeout"} 1"#
        ),
        (
            .failedOver(from: KeyedTarget(groq), to: KeyedTarget(groq, key: 1), after: .providerRateLimited),
            #"gateway_failovers_total{provider="groq",model="llama",to="key",code="provider_rate_limited"} 1"#
        ),
        (
            .timedOut(openai, .connect),
            #"gateway_timeouts_total{provider="openai",model="mini",limit="connect"} 1"#
        ),
        (
            .timedOut(openai, .firstByte),
            #"gateway_timeouts_total{provider="openai",model="mini",limit="first_byte"} 1"#
        ),
        (
            .timedOut(openai, .firstToken),
            #"gateway_timeouts_total{provider="openai",model="mini",limit="first_token"} 1"#
        ),
        (
            .timedOut(openai, .betweenTokens),
            #"gateway_timeouts_total{provider="openai",model="mini",limit="between_tokens"} 1"#
        ),
        (.timedOut(openai, .total), #"gateway_timeouts_total{provider="openai",model="mini",limit="total"} 1"#),
        (.timedOut(openai, .deadline), #"gateway_timeouts_total{provider="openai",model="mini",limit="deadline"} 1"#),
        (
            .restarted(from: groq, after: .providerStreamBroken),
            #"gateway_restarts_total{provider="groq",model="llama",code="provider_stream_broken"} 1"#
        ),
        (
            .continued(from: groq, to: openai, after: .providerStreamBroken),
            #"gateway_continuations_total{provider="groq",model="llama",code="provider_stream_broken"} 1"#
        ),
        (.hedge(openai, .hedged(after: .seconds(1))), #"gateway_hedges_total{provider="openai",model="mini"} 1"#),
        (
            .hedge(openai, .won(.hedge, after: .seconds(1))),
            #"gateway_hedges_won_total{provider="openai",model="mini",side="hedge"} 1"#
        ),
        (
            .hedge(groq, .won(.primary, after: .seconds(1))),
            #"gateway_hedges_won_total{provider="groq",model="llama",side="primary"} 1"#
        ),
        (.hedge(groq, .lost(loss)), #"gateway_hedges_lost_total{provider="groq",model="llama",side="primary"} 1"#),
        (
            .hedge(groq, .skipped(.budget)),
            #"gateway_hedges_skipped_total{provider="groq",model="llama",reason="budget"} 1"#
        ),
        (
            .hedge(groq, .skipped(.noTarget)),
            #"gateway_hedges_skipped_total{provider="groq",model="llama",reason="no_target"} 1"#
        ),
        (
            .limited(groq, .overloaded),
            #"gateway_refusals_total{provider="groq",model="llama",code="overloaded"} 1"#
        ),
        (
            .degraded(.stale, after: .providerUnreachable),
            #"degraded_answers_total{substitute="stale",code="provider_unreachable"} 1"#
        ),
        (.chaos(groq), #"chaos_calls_total{provider="groq",model="llama"} 1"#),
        (
            .retried(unknown, after: .providerFailed, delay: .zero),
            #"gateway_retries_total{provider="groq",model="other",code="provider_failed"} 1"#
        ),
    ]

    @Test("every event moves its own series and no other", arguments: table.indices)
    func events(_ row: Int) {
        let before = counted
        metrics.happened(Self.table[row].event, context: context)
        #expect(before == [])
        #expect(counted == [Self.table[row].series])
    }

    @Test("however many models clients make up, they are one series")
    func bounds() {
        for number in 0..<3000 {
            let target = Target(provider: "groq", model: "made-up-\(number)")
            metrics.happened(.limited(target, .overloaded), context: context)
            metrics.happened(.hedge(target, .skipped(.budget)), context: context)
            metrics.circuitChanged(
                KeyedTarget(target), .transition(Self.transition(.closed, .halfOpen(lease: nil))))
        }
        #expect(
            counted == [
                #"gateway_hedges_skipped_total{provider="groq",model="other",reason="budget"} 3000"#,
                #"gateway_refusals_total{provider="groq",model="other",code="overloaded"} 3000"#,
                #"circuit_transitions_total{provider="groq",model="other",state="half_open",cause="failure_rate",code="provider_failed"} 3000"#,
            ])
    }

    @Test("a circuit's changes tell why and after which error; what is told of all of them is bounded")
    func transitions() {
        for cause in Breaker.Cause.allCases {
            let transition = Breaker.Transition(
                number: 1, from: .closed, to: .forcedOpen, cause: cause, at: Instant(nanoseconds: 5), error: nil)
            metrics.circuitChanged(KeyedTarget(Self.groq), .transition(transition))
        }
        metrics.circuitChanged(
            KeyedTarget(Self.groq), .transition(Self.transition(.halfOpen(lease: nil), .closed)))
        let begin = #"circuit_transitions_total{provider="groq",model="llama",state="#
        let causes = Breaker.Cause.allCases.map { begin + #""forced_open",cause="\#($0.rawValue)",code=""} 1"# }
        #expect(
            Set(counted)
                == Set(causes + [begin + #""closed",cause="failure_rate",code="provider_failed"} 1"#]))
    }

    private static func transition(_ from: Breaker.State, _ to: Breaker.State) -> Breaker.Transition {
        Breaker.Transition(
            number: 1, from: from, to: to, cause: .failureRate, at: Instant(nanoseconds: 5), error: .providerFailed)
    }

    // MARK: Rates

    private let clock = TestClock()

    /// Tells of one call: of its attempt, and where that begins to answer of the answer's end.
    private func call(
        _ metrics: ServerMetrics, _ target: Target = groq, attempt: CodedError? = nil, answer: ErrorCode? = nil,
        _ operation: AnswerReport.Operation = .chat, wasSent: Bool = true
    ) {
        metrics.attemptEnded(
            Attempt(target: target, error: attempt, duration: .milliseconds(1), wasSent: wasSent), context: context)
        if attempt != nil { return }
        metrics.answerEnded(
            AnswerReport(
                operation: operation, target: target, requestedModel: "auto", streaming: true, usage: nil,
                finishReason: nil, error: answer, duration: .seconds(1), timeToFirstEvent: .zero, events: 1),
            context: context)
    }

    @Test("a call counts once for its success rate: when its attempt fails, or else when its answer ends")
    func rates() {
        let metrics = ServerMetrics(knownTargets: [Self.groq], time: clock)
        func recent(_ target: Target = Self.groq) -> CallRates.Sum? { metrics.recentCalls[target] }
        #expect(metrics.recentCalls.isEmpty)
        call(metrics)
        #expect(recent() == CallRates.Sum(calls: 1, successes: 1))
        call(metrics, attempt: CodedError(.providerFailed, ""))
        #expect(recent() == CallRates.Sum(calls: 2, successes: 1))
        call(metrics, answer: .providerStreamBroken)
        #expect(recent() == CallRates.Sum(calls: 3, successes: 1))
        call(metrics, .init(provider: "groq", model: "x"), .embeddings)
        #expect(recent() == CallRates.Sum(calls: 3, successes: 1))
        #expect(recent(Target(provider: "groq", model: "other")) == CallRates.Sum(calls: 1, successes: 1))
        call(metrics, Self.groq, .embeddings)
        #expect(recent() == CallRates.Sum(calls: 4, successes: 2))
        clock.advance(by: .seconds(61))
        #expect(metrics.recentCalls.isEmpty)
    }

    @Test(
        "what says nothing of the provider does not count: cancellations, the caller's faults, ours, refusals of ours")
    func neutral() {
        let metrics = ServerMetrics(knownTargets: [Self.groq], time: clock)
        for code in [ErrorCode.cancelled, .invalidValue, .overloaded, .modelUnavailable, .deadlineExceeded] {
            call(metrics, attempt: CodedError(code, ""))
            call(metrics, answer: code)
        }
        for reason in CallRefusal.Reason.allCases {
            call(
                metrics, attempt: CallRefusal(reason: reason, wait: .seconds(1)).error(of: "groq/llama"),
                wasSent: false)
        }
        #expect(metrics.recentCalls.isEmpty)
    }

    @Test("a rate limit counts, told by a status or in the midst of an answer")
    func limited() {
        let metrics = ServerMetrics(knownTargets: [Self.groq], time: clock)
        for status in [429, nil] {
            var limited = CodedError(.providerRateLimited, "")
            limited.providerStatus = status
            call(metrics, attempt: limited)
        }
        #expect(metrics.recentCalls[Self.groq] == CallRates.Sum(calls: 2, successes: 0))
    }
}
