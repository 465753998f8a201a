import Base
import Synchronization
import TestKit
import Testing

@testable import Orchestrator

@Suite("A run that belongs to no connection", .timeLimit(.minutes(2)))
struct LiveRunTests {
    private let clock = TestClock()

    private func runs() -> LiveRuns { LiveRuns(time: clock) }

    private static func event(_ text: String) -> LiveRun.Event { (name: "TOKEN", data: Array(text.utf8)) }

    /// Says so many events, waiting for room before each, and ends with `COMPLETE`, or with `CANCELLED`.
    private static func talk(_ count: Int) -> @Sendable (LiveRun) async -> Void {
        { run in
            do {
                for number in 0..<count {
                    try await run.room()
                    run.log([event("\(number)")])
                }
                run.end(with: [("COMPLETE", [])])
            } catch {
                run.end(with: [("CANCELLED", [])])
            }
        }
    }

    private static func all(_ reader: RunReader) async throws -> [LoggedEvent] {
        var all: [LoggedEvent] = []
        while true {
            let events = try await reader.next()
            if events.isEmpty { return all }
            all += events
        }
    }

    /// Waits, without a clock, until something is so.
    private func reached(_ condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test("it runs to its end with nobody attached, and a reader then gets everything, as often as it comes")
    func alone() async throws {
        let runs = runs()
        let run = try runs.open(.of("a"), settings: RunSettings())
        run.start(on: nil, Self.talk(100))
        await reached { run.isOver }
        for _ in 0..<2 {
            let events = try await Self.all(try run.attach(after: nil))
            #expect(events.map(\.sequence) == Array(0...100) && events.last?.name == "COMPLETE")
        }
        #expect(try await Self.all(try run.attach(after: 98)).map(\.sequence) == [99, 100])
        #expect(try await Self.all(try run.attach(after: 100)).isEmpty)
    }

    @Test("several readers at once each get everything, through a ring that holds three events")
    func several() async throws {
        let runs = runs()
        let run = try runs.open(.of("a"), settings: RunSettings(ring: 3))
        let readers = try (0..<4).map { _ in try run.attach(after: nil) }
        run.start(on: nil, Self.talk(500))
        try await withThrowingTaskGroup(of: [LoggedEvent].self) { group in
            for (number, reader) in readers.enumerated() {
                group.addTask {
                    var all: [LoggedEvent] = []
                    while true {
                        let events = try await reader.next()
                        if events.isEmpty { return all }
                        all += events
                        // Some take their time.
                        for _ in 0..<number { await Task.yield() }
                    }
                }
            }
            for try await events in group {
                #expect(events.map(\.sequence) == Array(0...500))
                #expect(events.dropLast().map(\.data) == (0..<500).map { Array("\($0)".utf8) })
            }
        }
    }

    @Test("connections that break at random and come back: every event once and in order, while it runs")
    func reconnects() async throws {
        for seed in 0..<100 as Range<UInt64> {
            let run = try runs().open(.of("a"), settings: RunSettings())
            run.start(on: nil, Self.talk(200))
            try await withThrowingTaskGroup(of: [Int].self) { group in
                for client in 0..<3 as Range<UInt64> {
                    group.addTask {
                        var generator = SeededGenerator(seed: seed * 3 + client)
                        var got: [Int] = []
                        while got.last != 200 {
                            let reader = try run.attach(after: got.last)
                            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                                let events = try await reader.next()
                                // Of the last batch before the break, a part arrives.
                                got += events.prefix(Int.random(in: 0...events.count, using: &generator)).map(
                                    \.sequence)
                                guard got.last == events.last?.sequence else { break }
                            }
                            if Bool.random(using: &generator) { reader.detach() }
                        }
                        return got
                    }
                }
                for try await got in group { #expect(got == Array(0...200), "seed \(seed)") }
            }
            await reached { run.isOver }
        }
    }

    @Test("a full ring that nobody reads makes it wait; whoever attaches gets it going, and loses nothing")
    func waits() async throws {
        let run = try runs().open(.of("a"), settings: RunSettings(ring: 5))
        run.start(on: nil, Self.talk(50))
        await reached { run.kept == 0..<5 }
        for _ in 0..<100 { await Task.yield() }
        #expect(run.kept == 0..<5 && !run.isOver)
        #expect(try await Self.all(try run.attach(after: nil)).map(\.sequence) == Array(0...50))
    }

    @Test("left alone for longer than its grace, it is cancelled, and says so last; not while it is read")
    func grace() async throws {
        let run = try runs().open(.of("a"), settings: RunSettings(grace: .seconds(15), ring: 5))
        run.start(on: nil, Self.talk(50))
        await reached { run.kept.count == 5 && clock.sleeperCount == 1 }
        clock.advance(by: .seconds(14))
        let reader = try run.attach(after: nil)
        _ = try await reader.next()
        clock.advance(by: .seconds(10))
        for _ in 0..<100 { await Task.yield() }
        #expect(!run.isOver)
        reader.detach()
        await reached { clock.sleeperCount == 1 }
        clock.advance(by: .seconds(14))
        for _ in 0..<100 { await Task.yield() }
        #expect(!run.isOver)
        clock.advance(by: .seconds(1))
        await reached { run.isOver }
        let left = try await Self.all(
            try run.attach(after: run.kept.lowerBound - 1 < 0 ? nil : run.kept.lowerBound - 1))
        #expect(left.last?.name == "CANCELLED")
        #expect(left.map(\.sequence) == Array(run.kept))
        await reached { clock.sleeperCount <= 1 }
    }

    @Test("a reader that takes nothing while the run waits for it is left behind, and the others go on")
    func leftBehind() async throws {
        let run = try runs().open(.of("a"), settings: RunSettings(grace: .seconds(15), ring: 5))
        let (idle, busy) = (try run.attach(after: nil), try run.attach(after: nil))
        run.start(on: nil, Self.talk(50))
        await reached { run.kept == 0..<5 && clock.sleeperCount >= 1 }
        let first = try #require(busy.ready())
        // Who asks again has had what it was given.
        #expect(busy.ready() == nil)
        clock.advance(by: .seconds(15))
        #expect((first + (try await Self.all(busy))).map(\.sequence) == Array(0...50))
        await #expect(throws: CancellationError.self) { try await idle.next() }
        #expect(throws: CodedError.self) { try run.attach(after: 0) }
    }

    @Test("cancelled: before it begins, while it speaks and while it waits; nothing comes after the last event")
    func cancel() async throws {
        for moment in 0..<3 {
            let run = try runs().open(.of("a"), settings: RunSettings(ring: moment == 2 ? 5 : 10_000))
            if moment == 0 { run.cancel() }
            run.start(on: nil, Self.talk(moment == 1 ? 1_000_000 : 50))
            if moment == 1 { await reached { run.kept.upperBound > 10 } }
            if moment == 2 { await reached { run.kept.count == 5 } }
            run.cancel()
            await reached { run.isOver }
            run.log([Self.event("late")])
            run.end(with: [("COMPLETE", [])])
            let events = try await Self.all(try run.attach(after: nil))
            // Who never waits may have come to its end.
            #expect(events.last?.name == "CANCELLED" || moment == 0 && events.last?.name == "COMPLETE")
            #expect(events.map(\.sequence) == Array(run.kept))
        }
    }

    @Test("a reader whose task is cancelled stops to wait; the run goes on")
    func readerCancelled() async throws {
        let run = try runs().open(.of("a"), settings: RunSettings())
        let reader = try run.attach(after: nil)
        let waiting = Task { try await reader.next() }
        for _ in 0..<20 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(reader.ready() == nil)
        run.start(on: nil, Self.talk(1))
        #expect(try await Self.all(reader).count == 2)
    }
}

extension RunContext {
    static func of(_ id: String, user: String = "u") -> RunContext {
        var generator = SeededGenerator(seed: 1)
        return RunContext(
            requestID: "req_\(id)", runID: "run_\(id)",
            scope: Scope(tenant: "t", user: user, key: "k", role: .member),
            trace: TraceContext(using: &generator))
    }
}
