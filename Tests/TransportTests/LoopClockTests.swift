import Base
import Glibc
import Synchronization
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

    @Test func `who gives way goes on after all that was queued, though more comes all the time`() async throws {
        let log = EventLog<Int>()
        let isOver = Mutex(false)
        try await on { clock, loop in
            #expect(!clock.isCrowded)
            for number in 0..<2 { loop.execute { log.append(number) } }
            #expect(!clock.isCrowded, "for two it does not pay")
            @Sendable func again() { if !isOver.withLock(\.self) { loop.execute(again) } }
            again()
            for number in 2..<5 { loop.execute { log.append(number) } }
            #expect(clock.isCrowded)
            await clock.giveWay()
            #expect(log.events == [0, 1, 2, 3, 4] && loop.isCurrent)
            isOver.withLock { $0 = true }
        }
    }

    @Test func `what comes from other threads counts as well`() async throws {
        let log = EventLog<Bool>()
        let group = EventLoopGroup(count: 1)
        defer { group.stop() }
        let (clock, loop) = (LoopClock(group), group.loops[0])
        let isQueued = Mutex(false)
        loop.execute { while !isQueued.withLock(\.self) { sched_yield() } }
        for _ in 0..<5 { loop.execute { log.append(clock.isCrowded) } }
        isQueued.withLock { $0 = true }
        #expect(try await log.atLeast(5) == [true, true, false, false, false])
    }

    @Test func `one that is cancelled comes back all the same; without a loop nobody waits`() async throws {
        try await on { clock, loop in
            let task = Task(executorPreference: loop) {
                await clock.giveWay()
                return Task.isCancelled && loop.isCurrent
            }
            task.cancel()
            #expect(await task.value)
        }
        let group = EventLoopGroup(count: 1)
        defer { group.stop() }
        let clock = LoopClock(group)
        #expect(!clock.isCrowded)
        await clock.giveWay()
    }

    @Test func `tasks that give way take turns, stage by stage`() async throws {
        let log = EventLog<Int>()
        try await on { clock, loop in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask(executorPreference: loop) {
                        for stage in 0..<5 {
                            log.append(stage)
                            if clock.isCrowded { await clock.giveWay() }
                        }
                    }
                }
            }
        }
        #expect(log.events.count == 40)
        #expect(log.events == log.events.sorted(), "\(log.events)")
    }

    @Test(arguments: [false, true])
    func `work that is cancelled before its time never begins, and leaves no timer`(_ fromLoop: Bool) async throws {
        let log = EventLog<Bool>()
        try await on { clock, loop in
            // From another thread it may take any time to be cancelled.
            let wait = fromLoop ? Duration.milliseconds(5) : .seconds(3600)
            let task = clock.schedule(at: clock.now().advanced(by: wait)) { log.append(true) }
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
