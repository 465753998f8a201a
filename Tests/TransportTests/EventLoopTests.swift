import Base
import Synchronization
import TestKit
import Testing

@testable import Transport

/// An actor on a loop, as every connection is one.
private actor Counter: LoopBound {
    nonisolated let loop: EventLoop
    var count = 0
    init(loop: EventLoop) { self.loop = loop }
    func increment() -> Bool {
        count += 1
        return loop.isCurrent
    }
}

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    private func withLoop<Value: Sendable>(_ body: (EventLoop) async throws -> Value) async throws -> Value {
        let loop = EventLoop()
        defer { loop.stop() }
        return try await body(loop)
    }

    /// Runs on the loop, as connections do.
    private func on<Value: Sendable>(
        _ loop: EventLoop, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await Task(executorPreference: loop) { try await body() }.value
    }

    @Test func `a task that prefers the loop runs there, and its child tasks with it`() async throws {
        try await withLoop { loop in
            let places = try await on(loop) {
                async let first = loop.isCurrent
                let grouped = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            await Task.yield()
                            return loop.isCurrent
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                return await [loop.isCurrent, first] + grouped
            }
            #expect(places == Array(repeating: true, count: 10))
            #expect(!loop.isCurrent)
        }
    }

    @Test func `an actor bound to the loop runs there, wherever it is called from`() async throws {
        try await withLoop { loop in
            let counter = Counter(loop: loop)
            #expect(await counter.increment())
            let here = try await on(loop) { await counter.increment() }
            #expect(here)
            #expect(await counter.count == 2)
        }
    }

    @Test func `work from many threads arrives complete and in each thread's order`() async throws {
        try await withLoop { loop in
            let log = Mutex<[[Int]]>(Array(repeating: [], count: 8))
            let done = EventLog<Void>()
            for sender in 0..<8 {
                Thread.start(name: "sender") {
                    for number in 0..<1_000 {
                        loop.execute { log.withLock { $0[sender].append(number) } }
                    }
                    loop.execute { done.append(()) }
                }
            }
            try await done.atLeast(8)
            let received = log.withLock { $0 }
            #expect(received == Array(repeating: Array(0..<1_000), count: 8))
        }
    }

    @Test func `a queue that refills itself starves neither timers nor other work`() async throws {
        try await withLoop { loop in
            let stopped = Atomic<Bool>(false)
            let fired = EventLog<Void>()
            @Sendable func again() {
                if !stopped.load(ordering: .relaxed) { loop.execute { again() } }
            }
            loop.execute { again() }
            loop.execute { _ = loop.schedule(at: loop.now().advanced(by: .milliseconds(5))) { fired.append(()) } }
            try await fired.atLeast(1)
            stopped.store(true, ordering: .relaxed)
        }
    }

    @Test func `timers fire once, in their order, and never early`() async throws {
        try await withLoop { loop in
            let log = EventLog<Int>()
            let early = Atomic<Int>(0)
            loop.execute {
                for index in (0..<5_000).reversed() {
                    let time = loop.now().advanced(by: .microseconds(index * 10))
                    _ = loop.schedule(at: time) {
                        if loop.now() < time { early.add(1, ordering: .relaxed) }
                        log.append(index)
                    }
                }
            }
            let order = try await log.atLeast(5_000)
            #expect(order.count == 5_000)
            #expect(Set(order).count == 5_000)
            #expect(early.load(ordering: .relaxed) == 0)
        }
    }

    @Test func `a cancelled timer does not fire, and an earlier one overtakes an armed one`() async throws {
        try await withLoop { loop in
            let log = EventLog<String>()
            loop.execute {
                _ = loop.schedule(at: loop.now().advanced(by: .seconds(3600))) { log.append("late") }
                let dead = loop.schedule(at: loop.now().advanced(by: .milliseconds(1))) { log.append("cancelled") }
                loop.cancel(dead)
                _ = loop.schedule(at: loop.now().advanced(by: .milliseconds(20))) { log.append("early") }
            }
            let fired = try await log.atLeast(1)
            #expect(fired == ["early"])
        }
    }

    @Test func `a timer that schedules itself in the past does not hold up the loop`() async throws {
        try await withLoop { loop in
            let log = EventLog<Void>()
            let stopped = Atomic<Bool>(false)
            @Sendable func again() {
                guard !stopped.load(ordering: .relaxed) else { return }
                _ = loop.schedule(at: Instant(nanoseconds: 0)) { again() }
            }
            loop.execute { again() }
            loop.execute { log.append(()) }
            try await log.atLeast(1)
            loop.execute { log.append(()) }
            try await log.atLeast(2)
            stopped.store(true, ordering: .relaxed)
        }
    }

    @Test func `no duration traps`() async throws {
        try await withLoop { loop in
            let log = EventLog<String>()
            for duration in [Duration.seconds(Int64.max), .seconds(1 << 40), .nanoseconds(Int64.max)] {
                loop.execute {
                    let timer = loop.schedule(at: loop.now().advanced(by: duration)) { log.append("\(duration)") }
                    loop.execute { loop.cancel(timer) }
                }
            }
            for duration in [Duration.zero, .seconds(-5), .seconds(Int64.min)] {
                try await on(loop) { try await loop.sleep(for: duration) }
            }
            #expect(log.events.isEmpty)
        }
    }

    @Test func `a cancelled sleep ends at once, before, while and after it begins`() async throws {
        try await withLoop { loop in
            for round in 0..<300 {
                let begun = EventLog<Void>()
                let sleeper = Task(executorPreference: loop) {
                    begun.append(())
                    try await loop.sleep(for: .seconds(3600))
                }
                if round % 3 == 1 { try await begun.atLeast(1) }
                if round % 3 == 2 { try await on(loop) { sleeper.cancel() } } else { sleeper.cancel() }
                await #expect(throws: CancellationError.self) { try await sleeper.value }
            }
            // Every timer of a cancelled sleep is gone.
            let left = try await on(loop) { loop.timerCount }
            #expect(left == 0)
        }
    }

    @Test func `sleep waits as long as it says`() async throws {
        try await withLoop { loop in
            let start = loop.now()
            try await on(loop) { try await loop.sleep(for: .milliseconds(30)) }
            #expect(loop.now().since(start) >= .milliseconds(30))
        }
    }

    @Test func `a stopped loop is not taken for the thread that comes after it`() async throws {
        let old = EventLoop()
        let gone = EventLog<Void>()
        old.execute { gone.append(()) }
        try await gone.atLeast(1)
        old.stop()
        for _ in 0..<50 {
            let loop = EventLoop()
            defer { loop.stop() }
            let here = try await on(loop) { loop.isCurrent }
            #expect(here)
            // The new thread may well have the old one's thread-local address.
            let mistaken = try await on(loop) { old.isCurrent }
            #expect(!mistaken)
        }
    }

    @Test func `a group gives the caller's own loop, else each in turn`() async throws {
        let group = EventLoopGroup(count: 3)
        defer { group.stop() }
        let seen = Set((0..<9).map { _ in group.any().index })
        #expect(seen == [0, 1, 2])
        for loop in group.loops {
            let index = try await on(loop) { group.any().index }
            #expect(index == loop.index)
        }
    }

    @Test func `loops start and stop a hundred times, with work and timers still queued`() async throws {
        for _ in 0..<100 {
            let loop = EventLoop()
            loop.execute { _ = loop.schedule(at: loop.now().advanced(by: .seconds(60))) {} }
            for _ in 0..<50 { loop.execute {} }
            loop.stop()
            loop.stop()
            loop.execute {}
        }
    }

    @Test func `a signal reaches its watcher`() async throws {
        try await withLoop { loop in
            let received = EventLog<Void>()
            let watcher = try await on(loop) { SignalWatcher(loop: loop, signal: 10) { received.append(()) } }
            try await offLoop { try raiseSignal(10) }
            try await received.atLeast(1)
            try await on(loop) { watcher.close() }
        }
    }
}
