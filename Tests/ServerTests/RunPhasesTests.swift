import Base
import HTTP
import JSON
import Models
import Testing

@testable import Orchestrator
@testable import Server

@Suite("The phases of a run")
struct RunPhasesTests {
    private let start = Instant(nanoseconds: 0)

    private func written(_ phases: RunPhases, total: Duration) throws -> JSONNode {
        var writer = JSONWriter()
        phases.write(total: total, to: &writer)
        return try JSONDocument(writer.bytes).root
    }

    private func note(_ phases: inout RunPhases, _ signals: ChatSignal...) {
        for signal in signals { phases.note(signal, since: start, now: start.advanced(by: .milliseconds(70))) }
    }

    @Test("are the times of their nodes, in milliseconds; what a turn did not need took none")
    func times() throws {
        var phases = RunPhases()
        note(
            &phases, .nodeFinished("validate", .milliseconds(1)), .nodeFinished("plan", .milliseconds(2)),
            .said(.model(ModelEvent(.text("a")))), .nodeFinished("execute", .milliseconds(25)),
            .nodeFinished("repair", .milliseconds(15)),
            .nodeFinished("fuse", .milliseconds(30)), .nodeFinished("remember", .seconds(9)))
        let json = try written(phases, total: .milliseconds(75))
        let found = ["total", "validation", "routing", "execution", "fusion", "outputGuard", "cache", "ttft"]
            .map { json[$0]?.double }
        #expect(found == [75, 1, 2, 40, 30, 0, 0, 70])
        #expect(json["experts"] == nil)
        #expect(phases.bottlenecks(total: .milliseconds(75)) == ["execution"])
    }

    @Test("over their share or their time are bottlenecks, and no others")
    func bottlenecks() {
        var rule = BottleneckRule()
        rule.share = 0.9
        rule.budgets = [.validation: .milliseconds(5), .fusion: .milliseconds(10)]
        rule.firstToken = .milliseconds(69)
        var phases = RunPhases(rule)
        note(
            &phases, .nodeFinished("validate", .milliseconds(5)), .nodeFinished("execute", .milliseconds(80)),
            .nodeFinished("fuse", .milliseconds(11)), .said(.model(ModelEvent(.text("a")))))
        #expect(phases.bottlenecks(total: .milliseconds(100)) == ["fusion", "ttft"])
        #expect(phases.bottlenecks(total: .milliseconds(81)) == ["execution", "fusion", "ttft"])
        #expect(RunPhases(rule).bottlenecks(total: .zero) == [])
    }

    @Test("an expert is one where it took more than its plan lets it")
    func experts() throws {
        let target = Target(provider: "p", model: "m")
        var (slow, quick) = (
            Plan.Expert(name: "slow", model: "m", route: Route(chain: [target])),
            Plan.Expert(name: "quick", model: "m", route: Route(chain: [target]))
        )
        slow.share = 0.3
        quick.share = 0.3
        let plan = try Plan(model: "plan/x", experts: [slow, quick], fusion: .vote)
        var phases = RunPhases(BottleneckRule(share: 1))
        note(&phases, .said(.planned(plan)))
        phases.note(
            answer([
                ExpertOutcome(
                    name: "slow", phase: .finished(.milliseconds(31), target), duration: .milliseconds(31)),
                ExpertOutcome(
                    name: "quick", phase: .finished(.milliseconds(30), target), duration: .milliseconds(30)),
            ]))
        #expect(phases.bottlenecks(total: .milliseconds(100)) == ["execution/slow"])
        let json = try written(phases, total: .milliseconds(100))
        #expect(json["experts"]?["slow"]?.double == 31)
        #expect(json["experts"]?["quick"]?.double == 30)
    }

    private func answer(_ experts: [ExpertOutcome], _ times: InnerTimes = InnerTimes()) -> ChatAnswer {
        var answer = ChatAnswer(
            target: Target(provider: "p", model: "m"), completion: ChatCompletion(choices: []), headers: [:],
            attempts: 1)
        answer.experts = experts
        answer.times = times
        return answer
    }

    @Test("experts that could not answer are there as well, with their time and how they ended")
    func unable() throws {
        var late = Plan.Expert(name: "late", model: "m", route: Route(chain: [Target(provider: "p", model: "m")]))
        late.share = 0.5
        late.isOptional = true
        let plan = try Plan(model: "plan/x", experts: [late, Plan.Expert(name: "good", model: "m")], fusion: .vote)
        var phases = RunPhases(BottleneckRule(share: 1))
        note(&phases, .said(.planned(plan)))
        phases.note(
            answer([
                ExpertOutcome(name: "late", phase: .leftOut, duration: .milliseconds(60), failure: .nodeTimeout),
                ExpertOutcome(name: "bad", phase: .fallback, duration: .milliseconds(5), failure: .providerFailed),
                ExpertOutcome(name: "kept", phase: .cached, duration: .milliseconds(1)),
            ]))
        #expect(phases.bottlenecks(total: .milliseconds(100)) == ["execution/late"])
        let json = try written(phases, total: .milliseconds(100))
        let found = ["late", "bad", "kept"].map { json["experts"]?[$0]?.double }
        #expect(found == [60, 5, 1])
        let outcomes = try #require(json["outcomes"])
        #expect(outcomes["late"]?["phase"]?.string == "left_out" && outcomes["late"]?["code"]?.string == "node_timeout")
        #expect(outcomes["bad"]?["phase"]?.string == "fallback")
        #expect(outcomes["bad"]?["code"]?.string == "provider_failed")
        #expect(outcomes["kept"]?["phase"]?.string == "cached" && outcomes["kept"]?["code"] == nil)
    }

    @Test("look-ups and the guard's part are told, although they are within other phases")
    func inner() throws {
        var phases = RunPhases()
        note(&phases, .nodeFinished("execute", .milliseconds(50)), .nodeFinished("guard", .milliseconds(1)))
        phases.note(answer([], InnerTimes(cache: .milliseconds(30), guarding: .milliseconds(4))))
        let json = try written(phases, total: .milliseconds(60))
        #expect(["execution", "outputGuard", "cache"].map { json[$0]?.double } == [50, 5, 30])
    }
}
