import Base
import Synchronization
import TestKit
import Testing

@testable import Graph

/// How many are at work, and how many were at most.
private final class Crowd: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    var now: Int { counts.withLock(\.now) }
    var most: Int { counts.withLock(\.most) }

    func enter() {
        counts.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
    }

    func leave() { counts.withLock { $0.now -= 1 } }
}

/// Gives way as often as the seed says.
private func dawdle(_ seed: UInt64) async {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<(generator.next() % 20) { await Task.yield() }
}

@Suite struct ParallelTests {
    @Test("results come in the order of the items, and never more run at once than the limit", arguments: 0..<50)
    func orderAndLimit(seed: Int) async throws {
        for limit in [nil, 1, 2, 5, 40, 0, -3] as [Int?] {
            let crowd = Crowd()
            let results = try await parallel(0..<30, limit: limit) { number -> Int? in
                crowd.enter()
                await dawdle(UInt64(seed * 1000 + number))
                crowd.leave()
                return number % 3 == 0 ? nil : number
            }
            #expect(results == (0..<30).map { $0 % 3 == 0 ? nil : $0 })
            #expect(crowd.most <= max(1, limit ?? 30))
            #expect(crowd.now == 0)
        }
    }

    @Test("as many as the limit do run at once, and the others begin in order")
    func limitIsUsed() async throws {
        let log = EventLog<Int>()
        let gates = (0..<9).map { _ in Signal() }
        async let all = parallel(0..<9, limit: 3) { number in
            log.append(number)
            try await gates[number].wait()
            return number
        }
        #expect(Set(try await log.atLeast(3)) == [0, 1, 2])
        for (number, gate) in [1, 3, 0, 4, 5, 6].enumerated() {
            gates[gate].give()
            #expect(try await log.atLeast(4 + number).last == 3 + number)
        }
        for gate in gates { gate.give() }
        #expect(try await all == Array(0..<9))
        #expect(log.events.dropFirst(3) == [3, 4, 5, 6, 7, 8])
    }

    @Test("no items are no results, even for a task that is cancelled")
    func empty() async throws {
        #expect(try await parallel([Int](), limit: 2) { $0 } == [])
        let gate = Signal()
        let task = Task {
            try? await gate.wait()
            return try await parallel([Int]()) { $0 }
        }
        task.cancel()
        gate.give()
        #expect(try await task.value == [])
    }

    @Test("the first error thrown cancels the others, waits for them and is the one that comes out")
    func firstError() async throws {
        let started = Signal()
        let notes = Notes()
        await #expect(throws: Broken(node: 2)) {
            try await parallel(0..<3) { number in
                switch number {
                case 0:
                    started.give()
                    do { try await Signal().wait() } catch {
                        for _ in 0..<50 { await Task.yield() }
                        notes.add("0 ended")
                        throw Broken(node: 0)
                    }
                case 1: notes.add("1 ended")
                default:
                    try await started.wait()
                    throw Broken(node: 2)
                }
            }
        }
        #expect(Set(notes.all) == ["0 ended", "1 ended"])
    }

    @Test("what has not begun when an error comes never begins")
    func errorBeforeTheRest() async throws {
        let notes = Notes()
        await #expect(throws: Broken(node: 3)) {
            try await parallel(0..<10, limit: 1) { number in
                notes.add("\(number)")
                if number == 3 { throw Broken(node: number) }
            }
        }
        #expect(notes.all == ["0", "1", "2", "3"])
    }

    @Test("the caller's cancellation reaches all that run, and what waits for its turn never begins")
    func cancelled() async throws {
        let log = EventLog<String>()
        let task = Task {
            try await parallel(0..<8, limit: 4) { _ in
                log.append("began")
                // Ends well nevertheless: the next one must not take its place.
                try? await Signal().wait()
                log.append("ended")
            }
        }
        try await log.atLeast(4)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(log.events == Array(repeating: "began", count: 4) + Array(repeating: "ended", count: 4))
    }

    @Test("closures of any kind can be the items")
    func closures() async throws {
        let plain: [@Sendable () -> Int] = [{ 1 }, { 2 }]
        #expect(try await parallel(plain) { $0() } == [1, 2])
        let apart: [@concurrent @Sendable () async throws -> Int] = [{ 3 }, { 4 }]
        #expect(try await parallel(apart) { try await $0() } == [3, 4])
        #expect(try await parallel(plain[0], apart[0]) == (1, 3))
    }

    @Test("work of different types gives a tuple of its results")
    func differentTypes() async throws {
        let pair = try await parallel({ 1 }, { "two" })
        #expect(pair == (1, "two"))
        let triple = try await parallel({ 1 }, { "two" }, { nil as Double? })
        #expect(triple == (1, "two", nil))
        let second = Signal()
        let four = try await parallel(
            {
                try await second.wait()
                return 1
            },
            {
                second.give()
                return "two"
            }, { nil as Double? }, { [4] })
        #expect(four == (1, "two", nil, [4]))
    }

    @Test("the first error among work of different types cancels the others, wherever it stands")
    func differentTypesFail() async throws {
        let waits: @Sendable () async throws -> Int = {
            try await Signal().wait()
            return 1
        }
        let fails: @Sendable () async throws -> Bool = { throw Broken(node: 2) }
        await #expect(throws: Broken(node: 2)) { try await parallel(waits, { "two" }, fails) }
        await #expect(throws: Broken(node: 2)) { try await parallel(fails, waits) }
    }

    @Test("children stay on the executor that the caller prefers")
    func executorPreference() async throws {
        let executor = RecordingExecutor()
        let look: @Sendable () async throws -> Bool = {
            let before = executor.isCurrent
            await Task.yield()
            return before && executor.isCurrent
        }
        try await Task(executorPreference: executor) {
            #expect(try await parallel(0..<3, limit: 2) { _ in try await look() } == [true, true, true])
            let pair = try await parallel(look, look)
            #expect(pair == (true, true))
            #expect(try await race(look, look))
        }.value
    }
}

@Suite struct RaceTests {
    @Test("the first success wins; the others are cancelled and have ended when it comes out")
    func losersEnd() async throws {
        let log = EventLog<String>()
        let loser: @Sendable () async throws -> Int = {
            log.append("began")
            do { try await Signal().wait() } catch {
                for _ in 0..<50 { await Task.yield() }
                log.append("cancelled")
            }
            // Too late.
            return 0
        }
        let winner = try await race(
            loser, loser, { throw Broken(node: 2) },
            {
                try await log.atLeast(2)
                return 3
            })
        #expect(winner == 3)
        #expect(log.events == ["began", "began", "cancelled", "cancelled"])
    }

    @Test("when all fail, the error is that of the first item, whichever came first", arguments: 0..<50)
    func allFail(seed: Int) async throws {
        await #expect(throws: Broken(node: 0)) {
            try await race(0..<6) { number in
                await dawdle(UInt64(seed * 10 + number))
                throw Broken(node: number)
            }
        }
    }

    @Test("failures are passed over as long as one succeeds", arguments: 0..<6)
    func oneSucceeds(lucky: Int) async throws {
        let winner = try await race(0..<6) { number in
            await dawdle(UInt64(number))
            if number != lucky { throw Broken(node: number) }
            return number
        }
        #expect(winner == lucky)
    }

    @Test("the caller's cancellation reaches all, and comes out as CancellationError once all have ended")
    func cancelled() async throws {
        let log = EventLog<String>()
        let task = Task {
            try await race(0..<4) { number -> Int in
                log.append("began")
                do { try await Signal().wait() } catch { log.append("cancelled") }
                throw Broken(node: number)
            }
        }
        try await log.atLeast(4)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(log.events.count { $0 == "cancelled" } == 4)
    }

    @Test("no more than the limit run at once; the next begins when one has failed, and none after a success")
    func limited() async throws {
        for limit in [-1, 1, 2, 5] {
            let log = EventLog<Int>()
            let running = Mutex((now: 0, most: 0))
            let winner = try await race(0..<9, limit: limit) { number in
                log.append(number)
                running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                await dawdle(UInt64(number))
                running.withLock { $0.now -= 1 }
                if number < 4 { throw Broken(node: number) }
                return number
            }
            #expect(winner >= 4 && running.withLock(\.most) <= max(1, limit))
            #expect(log.events.sorted() == Array(0..<log.events.count) && log.events.count <= 4 + max(1, limit))
        }
        await #expect(throws: Broken(node: 0)) { try await race(0..<9, limit: 2) { throw Broken(node: $0) } }
    }

    @Test("what has not begun when the caller is cancelled never does")
    func limitedAndCancelled() async throws {
        let log = EventLog<Int>()
        let task = Task {
            try await race(0..<9, limit: 2) { number -> Int in
                log.append(number)
                try await Signal().wait()
                throw Broken(node: number)
            }
        }
        try await log.atLeast(2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(log.events.count == 2)
    }

    @Test("a race without entries says so")
    func empty() async throws {
        let error = await #expect(throws: CodedError.self) { try await race([Int]()) { $0 } }
        #expect(error == CodedError(.internalError, "A race needs an entry."))
    }
}
