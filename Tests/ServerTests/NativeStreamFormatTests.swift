import Base
import HTTP
import JSON
import Models
import TestKit
import Testing

@testable import Orchestrator
@testable import Server

@Suite("The stream of run events")
struct NativeStreamFormatTests {
    private let clock = TestClock()
    private static let target = Target(provider: "b", model: "m")
    private static let usage = Usage(promptTokens: 2, completionTokens: 3, cachedTokens: 1)
    private static let answer = ChatAnswer(
        target: target,
        completion: ChatCompletion(choices: [.init(text: "Hello", finishReason: .stop)], usage: usage),
        headers: HTTPHeaders(), attempts: 2)

    private func format() -> NativeStreamFormat {
        let report = TurnReport(
            requestID: "req_1", runID: "run_1", conversationID: "conv_1", personaID: nil, started: clock.now())
        return NativeStreamFormat(report: report, time: clock)
    }

    private func said(_ kind: ModelEvent.Kind, choice: Int = 0) -> ChatSignal {
        .said(.model(ModelEvent(kind, choice: choice)))
    }

    @Test("the stream opens once the turn is planned: what is invalid before has a status of its own")
    func opens() {
        #expect(format().opens(with: .nodeStarted("execute")))
        #expect(!format().opens(with: .nodeStarted("validate")))
        #expect(!format().opens(with: .nodeFinished("plan", .zero)))
    }

    @Test("a turn from start to end: every event, in order, with ids that count on")
    func turn() throws {
        var format = format()
        var bytes: [UInt8] = []
        format.signal(.nodeStarted("validate"), into: &bytes)
        format.signal(.nodeFinished("validate", .microseconds(500)), into: &bytes)
        format.signal(.nodeStarted("execute"), into: &bytes)
        format.signal(.said(.answering(Self.target, headers: HTTPHeaders())), into: &bytes)
        clock.advance(by: .milliseconds(20))
        for piece in ["Hel", "lo"] {
            format.signal(said(.text(piece)), into: &bytes)
            clock.advance(by: .milliseconds(10))
        }
        format.signal(said(.finish(.stop)), into: &bytes)
        format.signal(.nodeFinished("execute", .milliseconds(40)), into: &bytes)
        format.finish(Self.answer, into: &bytes)

        let found = try events(bytes)
        #expect(
            found.compactMap(\.name) == [
                "START_EXECUTION", "NODE", "NODE", "NODE", "STATUS", "TOKEN", "TOKEN", "NODE", "PIPELINE_METRICS",
                "COMPLETE",
            ])
        #expect(found.map(\.id) == (0..<found.count).map { "run_1:\($0)" })
        #expect(
            found[0].data == ["runId": "run_1", "requestId": "req_1", "planId": nil, "conversationId": "conv_1"])
        #expect(found[1].data == ["name": "validate", "phase": "started"])
        #expect(found[2].data == ["name": "validate", "phase": "finished", "ms": 0.5])
        #expect(found[5].data == ["token": "Hel"])
        let metrics = found[8].data
        #expect(metrics["total"]?.double == 40)
        #expect(metrics["validation"]?.double == 0.5)
        #expect(metrics["execution"]?.double == 40)
        #expect(metrics["fusion"]?.double == 0)
        #expect(metrics["ttft"]?.double == 20)
        #expect(metrics["bottlenecks"] == ["execution"])
        #expect(
            found[9].data == [
                "content": "Hello", "model": "b/m", "personaId": nil,
                "usage": ["promptTokens": 2, "completionTokens": 3, "totalTokens": 5, "cachedTokens": 1],
                "cost": nil, "cached": false, "finishReason": "stop",
            ])
    }

    @Test("tool calls are told; other answers of `n`, reasoning and frames without news are not")
    func pieces() throws {
        let call = ToolCallDelta(index: 1, id: "c", name: "x\n\ndata: y", arguments: "{}")
        let found = try stream(
            [
                said(.toolCall(call)), said(.toolCall(ToolCallDelta(index: 1, arguments: "1"))),
                said(.text("other"), choice: 1), said(.reasoning("hm")), said(.other),
            ], then: .answer(Self.answer), as: format())
        let tools = found.filter { $0.name == "TOOL" }.map(\.data)
        #expect(
            tools == [
                ["index": 1, "id": "c", "name": "x\n\ndata: y", "arguments": "{}"], ["index": 1, "arguments": "1"],
            ])
        #expect(!found.contains { $0.name == "TOKEN" })
    }

    @Test("what a plan of several experts says: each in an event of its own, and nothing that a guard has found")
    func experts() throws {
        var findings = GuardFindings()
        findings.add(.email, 2)
        var redacted = findings
        redacted.isRedacted = true
        var noticed = InputFindings()
        (noticed.score, noticed.reasons, noticed.controlCharacters) = (0.7, ["override"], 2)
        let rows: [(ChatEvent, name: String, data: JSON)] = [
            (.provisional(text: "Hm", expert: "a"), "TOKEN", ["token": "Hm", "expert": "a"]),
            (.status("Wait."), "STATUS", ["message": "Wait."]),
            (
                .stepped(.next(Target(provider: "p", model: "b"), after: .providerTimeout)), "RESTART",
                ["reason": "provider_timeout", "model": "p/b"]
            ),
            (.progress(percent: 37.5, layer: "draft"), "PROGRESS", ["percent": 37.5, "layer": "draft"]),
            (.progress(percent: 100, layer: nil), "PROGRESS", ["percent": 100.0, "layer": nil]),
            (.expert(name: "a", phase: .started), "NODE", ["name": "execute/a", "phase": "started"]),
            (
                .expert(name: "a", phase: .finished(.milliseconds(12.5), Self.target)), "NODE",
                ["name": "execute/a", "phase": "finished", "ms": 12.5, "model": "b/m"]
            ),
            (
                .expert(name: "a", phase: .failed(.providerTimeout)), "NODE",
                ["name": "execute/a", "phase": "failed", "code": "provider_timeout"]
            ),
            (.expert(name: "a", phase: .leftOut), "NODE", ["name": "execute/a", "phase": "left_out"]),
            (.expert(name: "a", phase: .fallback), "NODE", ["name": "execute/a", "phase": "fallback"]),
            (.expert(name: "a", phase: .cached), "NODE", ["name": "execute/a", "phase": "cached"]),
            (.replaced(from: 7, reason: "best"), "REPLACE", ["from": 7, "reason": "best"]),
            (.noticed(noticed), "STATUS", ["message": "The input guard has noticed: override, control_characters."]),
            (.guarded(findings), "STATUS", ["message": "The output guard has found: 2 × email."]),
            (.guarded(redacted), "STATUS", ["message": "The output guard has taken out: 2 × email."]),
        ]
        let found = try stream(
            [.nodeStarted("execute")] + rows.map { .said($0.0) }
                + [.said(.noticed(InputFindings())), .said(.guarded(GuardFindings()))],
            then: .answer(Self.answer), as: format())
        #expect(
            found.map(\.name) == ["START_EXECUTION", "NODE"] + rows.map(\.name) + ["PIPELINE_METRICS", "COMPLETE"])
        #expect(found.dropFirst(2).dropLast(2).map(\.data) == rows.map(\.data))
    }

    @Test("the first event names the plan, also where nodes were heard before it")
    func plan() throws {
        let plan = Plan(model: "b/m", route: Route(chain: [Self.target]))
        let found = try stream(
            [.nodeStarted("validate"), .nodeStarted("execute"), .said(.planned(plan))], then: .answer(Self.answer),
            as: format())
        #expect(found.prefix(3).map(\.name) == ["START_EXECUTION", "NODE", "NODE"])
        #expect(found[0].data["planId"]?.string == plan.identity.description)
    }

    @Test("an answer that came whole is told piece by piece")
    func whole() throws {
        let found = try stream(
            [said(.whole(Self.answer.completion))], then: .answer(Self.answer), as: format())
        #expect(found.filter { $0.name == "TOKEN" }.map(\.data) == [["token": "Hello"]])
    }

    @Test("a failure is an ERROR event with code, fault and waiting time, and the last one")
    func failure() throws {
        let error = CodedError(.providerRateLimited, "Wait.", retryAfter: .milliseconds(1500))
        let found = try stream([.nodeStarted("execute"), said(.text("x"))], then: .failure(error), as: format())
        #expect(found.last?.name == "ERROR")
        #expect(
            found.last?.data == [
                "user": false, "code": "provider_rate_limited", "kind": "provider", "message": "Wait.",
                "requestId": "req_1", "retryable": true, "retryAfterMs": 1500,
            ])
        #expect(!found.contains { $0.name == "COMPLETE" })
    }

    @Test("the caller's own faults are marked as such")
    func callersFault() throws {
        let found = try stream(
            [.nodeStarted("execute")], then: .failure(CodedError(.contextLengthExceeded, "Long.")), as: format())
        #expect(found.last?.data["user"] == true)
        #expect(found.last?.data["retryAfterMs"] == nil)
    }

    @Test("a cancelled turn ends with CANCELLED")
    func cancelled() throws {
        let found = try stream(
            [.nodeStarted("execute")], then: .failure(CodedError(.cancelled, "Gone.")), as: format())
        #expect(found.last?.name == "CANCELLED")
        #expect(found.last?.data == ["requestId": "req_1"])
    }
}
