import Base
import TestKit
import Testing

@testable import Orchestrator

@Suite("The runs that can be gone on with", .timeLimit(.minutes(2)))
struct LiveRunsTests {
    private let clock = TestClock()
    private static let own = RunContext.of("x").scope
    private static let other = RunContext.of("x", user: "other").scope

    /// A run that is over, with so many bytes in its log.
    @discardableResult
    private func ended(
        _ runs: LiveRuns, _ id: String, _ settings: RunSettings = RunSettings(), bytes: Int = 10
    ) async throws -> String {
        let run = try runs.open(.of(id), settings: settings)
        run.start(on: nil) { $0.end(with: [("COMPLETE", Array(repeating: 0, count: bytes))]) }
        while !run.isOver || runs.runningCount > 0 { await Task.yield() }
        return run.runID
    }

    private func reached(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test("found by the run's id and by the request's, in its own scope; another's is like one that never was")
    func scope() async throws {
        let runs = LiveRuns(time: clock)
        let run = try runs.open(.of("a"), settings: RunSettings())
        #expect(try runs.run("run_a", of: Self.own) === run)
        #expect(try runs.run("req_a", of: Self.own) === run)
        let stranger = #expect(throws: CodedError.self) { try runs.run("run_a", of: Self.other) }
        let unknown = #expect(throws: CodedError.self) { try runs.run("run_b", of: Self.own) }
        #expect(stranger == unknown && unknown?.code == .runNotFound)
        let sameUser = Scope(tenant: "t", user: "u", key: "another", role: .admin)
        #expect(try runs.run("run_a", of: sameUser) === run, "a user's runs are there under each of its keys")
    }

    @Test("kept for its time after the end, then gone, and its memory with it")
    func keep() async throws {
        let runs = LiveRuns(time: clock)
        try await ended(runs, "a", RunSettings(keep: .seconds(300)))
        await reached { clock.sleeperCount == 1 }
        clock.advance(by: .seconds(299))
        #expect(throws: Never.self) { try runs.run("run_a", of: Self.own) }
        #expect(runs.bytes > 0)
        clock.advance(by: .seconds(1))
        await reached { runs.count == 0 && runs.bytes == 0 && clock.sleeperCount == 0 }
        #expect(throws: CodedError.self) { try runs.run("run_a", of: Self.own) }
        #expect(throws: CodedError.self) { try runs.run("req_a", of: Self.own) }
    }

    @Test("a running one is not dropped, however long it takes")
    func running() async throws {
        let runs = LiveRuns(time: clock)
        let run = try runs.open(.of("a"), settings: RunSettings(keep: .zero))
        let reader = try run.attach(after: nil)
        clock.advance(by: .seconds(10_000))
        #expect(try runs.run("run_a", of: Self.own) === run)
        reader.detach()
    }

    @Test("of more than there may be, the oldest that are over make way; when all run, no more is taken")
    func number() async throws {
        let runs = LiveRuns(time: clock)
        let settings = RunSettings(runs: 3)
        for id in ["a", "b", "c"] { try await ended(runs, id, settings) }
        let first = try runs.open(.of("d"), settings: settings)
        #expect(throws: CodedError.self) { try runs.run("run_a", of: Self.own) }
        #expect(runs.count == 3)
        let more = [try runs.open(.of("e"), settings: settings), try runs.open(.of("f"), settings: settings)]
        let error = #expect(throws: CodedError.self) { try runs.open(.of("g"), settings: settings) }
        #expect(error?.code == .overloaded && error?.retryAfter != nil)
        #expect(runs.count == 3 && runs.runningCount == 3)
        runs.forget(more[0])
        _ = try runs.open(.of("g"), settings: settings)
        withExtendedLifetime(first) {}
    }

    @Test("of more memory than there may be, the oldest that are over make way")
    func memory() async throws {
        let runs = LiveRuns(time: clock)
        let settings = RunSettings(memory: 10_000)
        for id in ["a", "b", "c", "d"] { try await ended(runs, id, settings, bytes: 3000) }
        await reached { runs.bytes <= 10_000 && runs.count == 3 }
        #expect(throws: CodedError.self) { try runs.run("run_a", of: Self.own) }
        #expect(throws: Never.self) { try runs.run("run_d", of: Self.own) }
        try await ended(runs, "huge", settings, bytes: 50_000)
        // Even the last one, when it is too much by itself; its bytes go with its task.
        await reached { runs.count == 0 && runs.bytes == 0 }
    }

    @Test("while running ones take too much, one that nobody reads waits, and goes on when there is memory again")
    func pressure() async throws {
        let runs = LiveRuns(time: clock)
        let settings = RunSettings(memory: 2_000)
        let large = try runs.open(.of("large"), settings: settings)
        let small = try runs.open(.of("small"), settings: settings)
        large.log([("TOKEN", Array(repeating: 0, count: 3_000))])
        #expect(throws: CodedError.self) { try runs.open(.of("more"), settings: settings) }
        small.log([("TOKEN", [1])])
        small.start(on: nil) { run in
            try? await run.room()
            run.end(with: [("COMPLETE", [])])
        }
        await reached { clock.sleeperCount == 1 }
        #expect(!small.isOver)
        large.end(with: [])
        await reached { runs.runningCount == 1 || small.isOver }
        withExtendedLifetime(large) {}
        await reached { runs.count <= 1 }
    }

    @Test("a request's id leads to its latest run")
    func latest() async throws {
        let runs = LiveRuns(time: clock)
        var generator = SeededGenerator(seed: 1)
        func open(_ run: String) throws -> LiveRun {
            try runs.open(
                RunContext(requestID: "mine", runID: run, scope: Self.own, trace: TraceContext(using: &generator)),
                settings: RunSettings())
        }
        let (first, second) = (try open("run_1"), try open("run_2"))
        #expect(try runs.run("mine", of: Self.own) === second)
        runs.forget(first)
        #expect(try runs.run("mine", of: Self.own) === second)
    }

    @Test("stopped: everything that runs is cancelled, and nothing more is taken")
    func stop() async throws {
        let runs = LiveRuns(time: clock)
        let run = try runs.open(.of("a"), settings: RunSettings(ring: 1))
        run.start(on: nil) { run in
            run.log([("TOKEN", [])])
            do { try await run.room() } catch { return run.end(with: [("CANCELLED", [])]) }
        }
        runs.stop()
        await reached { run.isOver && runs.runningCount == 0 }
        #expect(throws: CodedError.self) { try runs.open(.of("b"), settings: RunSettings()) }
    }
}
