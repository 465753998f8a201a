import Base
import Synchronization
import TestKit
import Testing

@testable import Graph

/// A clock of a loop on which there are always others, who do something when they are let go first.
private final class CrowdedTime: TimeSource {
    let clock = TestClock()
    let turns = Mutex(0)
    private let others: @Sendable () -> Void

    init(_ others: @escaping @Sendable () -> Void = {}) { self.others = others }

    func now() -> Instant { clock.now() }
    func wallTime() -> WallTime { clock.wallTime() }
    func sleep(until instant: Instant) async throws(CancellationError) { try await clock.sleep(until: instant) }
    func schedule(at instant: Instant, _ work: @escaping @Sendable () async -> Void) -> any ScheduledTask {
        clock.schedule(at: instant, work)
    }
    var isCrowded: Bool { true }
    func giveWay() async {
        turns.withLock { $0 += 1 }
        others()
    }
}

@Suite("Others go first between two nodes", .timeLimit(.minutes(1))) struct TurnTests {
    private let notes = Notes()

    private func chain() throws -> Graph<Board, Never> {
        try boardBuilder()
            .node("a") { [notes] _ in notes.add("a") }
            .node("b") { [notes] _ in notes.add("b") }
            .node("c") { [notes] _ in notes.add("c") }
            .start("a").edge("a", to: "b").edge("b", to: "c").end("c").build()
    }

    @Test("between each two, and not after the last") func between() async throws {
        let time = CrowdedTime()
        _ = try await Runner(try chain(), time: time).run(Board(), context: makeContext())
        #expect(notes.all == ["a", "b", "c"] && time.turns.withLock(\.self) == 2)
    }

    @Test("a run that is cancelled meanwhile starts nothing more") func cancelled() async throws {
        let task = Mutex<Task<Board, any Error>?>(nil)
        let time = CrowdedTime { task.withLock { $0?.cancel() } }
        let runner = Runner(try chain(), time: time)
        let run = Task {
            while task.withLock({ $0 == nil }) { await Task.yield() }
            return try await runner.run(Board(), context: makeContext())
        }
        task.withLock { $0 = run }
        await #expect(throws: (any Error).self) { _ = try await run.value }
        #expect(notes.all == ["a"])
    }

    @Test("nor one whose deadline passes meanwhile") func late() async throws {
        let clock = Mutex<TestClock?>(nil)
        let time = CrowdedTime { clock.withLock(\.self)?.advance(by: .seconds(9)) }
        clock.withLock { $0 = time.clock }
        let runner = Runner(try chain(), time: time, limits: RunLimits(deadline: .startsNoMore))
        let context = makeContext(deadline: time.now().advanced(by: .seconds(5)))
        let error = await #expect(throws: CodedError.self) { _ = try await runner.run(Board(), context: context) }
        #expect(error?.code == .deadlineExceeded && notes.all == ["a"])
    }

    @Test("branches beside one that has failed are cancelled first") func failed() async throws {
        let time = CrowdedTime()
        let graph = try boardBuilder()
            .node("a") { _ in }
            .node("fails") { _ in throw Broken(node: 1) }
            .node("waits") { [notes] _ in
                do { try await Signal().wait() } catch { notes.add("\(time.turns.withLock(\.self))") }
            }
            .node("end") { _ in }
            .start("a").edge("a", to: "fails", "waits").edge("fails", to: "end").edge("waits", to: "end").end("end")
            .build()
        await #expect(throws: Broken.self) {
            _ = try await Runner(graph, time: time).run(Board(), context: makeContext())
        }
        #expect(notes.all == ["1"])
    }
}
