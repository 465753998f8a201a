import Base
import TestKit
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct LoopClockTests {
    /// Runs on a loop of the clock.
    private func on<Value: Sendable>(
        _ body: @escaping @Sendable (LoopClock, EventLoop) async throws -> Value
    ) async throws -> Value {
        let group = EventLoopGroup(count: 1)
        defer { group.stop() }
        let clock = LoopClock(group)
        return try await Task(executorPreference: group.loops[0]) { try await body(clock, group.loops[0]) }.value
    }

    @Test func `work begins on the loop when its time has come, and its end can be waited for`() async throws {
        let log = EventLog<Bool>()
        try await on { clock, loop in
            let due = clock.now().advanced(by: .milliseconds(5))
            let task = clock.schedule(at: due) {
                log.append(loop.isCurrent && clock.now() >= due)
                await Task.yield()
                log.append(loop.isCurrent)
            }
            // There is no task before, so there is no end to wait for.
            await task.end()
            #expect(log.events.isEmpty && loop.timerCount == 1)
            try await log.atLeast(1)
            await task.end()
            #expect(log.events == [true, true])
        }
    }

    @Test(arguments: [false, true])
    func `work that is cancelled before its time never begins, and leaves no timer`(_ fromLoop: Bool) async throws {
        let log = EventLog<Bool>()
        try await on { clock, loop in
            let task = clock.schedule(at: clock.now().advanced(by: .milliseconds(5))) { log.append(true) }
            let hasBegun = fromLoop ? task.cancel() : try await offLoop { task.cancel() }
            #expect(!hasBegun)
            await Task.yield()
            #expect(loop.timerCount == 0)
            try await clock.sleep(until: clock.now().advanced(by: .milliseconds(10)))
            #expect(log.events.isEmpty)
        }
    }

    @Test func `work that has begun is cancelled as its task`() async throws {
        let log = EventLog<String>()
        try await on { clock, loop in
            let task = clock.schedule(at: clock.now()) {
                log.append("begun")
                do throws(CancellationError) {
                    try await clock.sleep(until: clock.now().advanced(by: .seconds(3600)))
                } catch {
                    log.append("cancelled")
                }
            }
            try await log.atLeast(1)
            #expect(task.cancel())
            await task.end()
            #expect(log.events == ["begun", "cancelled"])
        }
    }

    @Test func `elsewhere than on a loop work begins as well`() async throws {
        let group = EventLoopGroup(count: 1)
        defer { group.stop() }
        let clock = LoopClock(group)
        let log = EventLog<Bool>()
        let task = clock.schedule(at: clock.now().advanced(by: .milliseconds(1))) { log.append(true) }
        try await log.atLeast(1)
        await task.end()
        let never = clock.schedule(at: clock.now().advanced(by: .seconds(3600))) { log.append(false) }
        #expect(never.cancel())
        await never.end()
        #expect(log.events == [true])
    }
}
