import Base
import JSON
import Models
import Resilience
import TestKit
import Testing

@testable import Server

@Suite("Statistics of a server")
struct StatsCommandTests {
    private let clock = TestClock()

    @Test("of one that has not been asked: nothing is made up")
    func fresh() throws {
        let statistics = ServerMetrics(knownTargets: [], time: clock).statistics(uptime: 5)
        #expect(statistics.requests == 0)
        #expect(statistics.successRate == nil)
        #expect(
            try StatsCommand.table(statistics.json.bytes) == """
                up                   5 s
                requests             0
                success rate         –
                running now          0
                latency              –
                time to first token  –
                cache hit rate       –
                parallel executions  0
                timeouts             0
                retries              0
                failovers            0
                tokens               0 in, 0 out

                """)
    }

    @Test("turns count by how they ended, whatever the statuses of requests, and cancelled ones not at all")
    func requests() throws {
        let metrics = ServerMetrics(knownTargets: [], time: clock)
        for error in [nil, nil, nil, CodedError(.providerStreamBroken, "x")] {
            metrics.turnEnded(error, after: .milliseconds(40))
        }
        metrics.turnEnded(CodedError(.cancelled, "x"), after: .seconds(9))
        metrics.requestMeter(route: "/v1/x").requestEnded(method: "POST", status: 200, duration: .seconds(9))
        let statistics = metrics.statistics(uptime: 200_000)
        #expect(statistics.requests == 4)
        #expect(statistics.succeeded == 3)
        #expect(statistics.successRate == 0.75)
        let latency = try #require(statistics.latency)
        #expect(abs(latency.average - 0.04) < 1e-9)
        #expect(0.025...0.05 ~= latency.p50)
        let lines = try StatsCommand.table(statistics.json.bytes).split(separator: "\n")
        #expect(lines.contains("up                   2 d 7 h"))
        #expect(lines.contains("success rate         75.0 %"))
        #expect(lines.contains { $0.hasPrefix("latency              40 ms on average, p50 ") })
    }

    @Test("retries, timeouts and failovers of all models are told together")
    func events() {
        let target = Target(provider: "p", model: "m")
        let metrics = ServerMetrics(knownTargets: [target], time: clock)
        let context = RunContext(local: "run")
        metrics.happened(.timedOut(target, .firstToken), context: context)
        metrics.happened(.timedOut(Target(provider: "q", model: "n"), .total), context: context)
        let statistics = metrics.statistics(uptime: 1)
        #expect(statistics.timeouts == 2)
        #expect(statistics.retries == 0)
    }

    @Test("an answer that is no Tutti server's is told", arguments: ["", "[]", "{}", "<html>", #"{"requests":"x"}"#])
    func foreign(_ body: String) {
        #expect(throws: CodedError.self) { try StatsCommand.table(Array(body.utf8)) }
    }

    @Test("the phases of an answer, for people")
    func timing() throws {
        let metrics = #"{"total":1234.56,"validation":0,"execution":1200.04,"ttft":null,"bottlenecks":["execution"]}"#
        #expect(
            ChatTiming.text(try JSONDocument(Array(metrics.utf8)).root)
                == "\n  total: 1234.6 ms\n  execution: 1200.0 ms  <- bottleneck\n")
    }

    @Test("each expert's time, as the bottlenecks name it")
    func expertTiming() throws {
        let metrics = #"{"total":30,"experts":{"a":20,"b":0.04},"bottlenecks":["execution/a"]}"#
        #expect(
            ChatTiming.text(try JSONDocument(Array(metrics.utf8)).root)
                == "\n  total: 30.0 ms\n  execution/a: 20.0 ms  <- bottleneck\n  execution/b: 0.0 ms\n")
    }
}
