import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// What stands around a node's work: cache, fallback, retry, timeout, in this order.
@Suite struct PolicyTests {
    private let clock = TestClock()

    /// Fails with a code that says that trying again may help.
    private static let busy = CodedError(.overloaded, "busy")

    /// Gives up after so many attempts, waits a second after the first, two after the second…
    private struct Patience: RetryPolicy {
        var attempts: Int

        func delay(
            afterAttempt attempt: Int, of error: any Error, using generator: inout SeededGenerator
        ) -> Duration? {
            attempt < attempts ? .seconds(attempt) : nil
        }
    }

    private final class Shelf: NodeCache {
        private let kept = Mutex<[NodeCacheKey: [UInt8]]>([:])
        var all: [NodeCacheKey: [UInt8]] { kept.withLock { $0 } }

        func lookUp(_ key: NodeCacheKey) async -> [UInt8]? { kept.withLock { $0[key] } }
        func fill(_ result: [UInt8], for key: NodeCacheKey) async { kept.withLock { $0[key] = result } }
    }

    /// Writes down what policies do.
    private struct Witness: RunListener {
        let kinds: EventKinds = .debug
        let notes = Notes()

        func offer(_ event: RunEvent<Never>) -> EventIntake {
            if case .policyActed(let node, _, let act) = event { notes.add("\(node): \(text(act))") }
            return .taken
        }

        func receive(_ event: RunEvent<Never>) async throws(CancellationError) {}
        func end(with event: RunEvent<Never>) {}

        private func text(_ act: PolicyAct) -> String {
            switch act {
            case .cacheHit: "cached"
            case .retry(let attempt, let delay, let error):
                "retry after \(attempt) in \(delay.milliseconds) for \(CodedError(any: error).code)"
            case .timeout(let timeout): "timeout of \(timeout.milliseconds)"
            case .fallback(let error): "fallback for \(CodedError(any: error).code)"
            }
        }
    }

    /// Moves the clock as soon as somebody waits for it, until the run is over.
    private func finish(
        _ graph: Graph<Board, Never>, from board: Board = Board(), deadline: Instant? = nil,
        hearing witness: Witness = Witness()
    ) async throws -> Board {
        // Without a timer of its own, which would have the clock run on to the deadline.
        let runner = Runner(graph, time: clock, limits: RunLimits(deadline: .startsNoMore))
        let task = Task { try await runner.run(board, context: makeContext(deadline: deadline), events: witness) }
        let isOver = Atomic(false)
        let mover = Task { [clock] in
            while !isOver.load(ordering: .relaxed) {
                await Task.yield()
                if clock.sleeperCount > 0 { clock.advance(by: .milliseconds(500)) }
            }
        }
        let result = await task.result
        isOver.store(true, ordering: .relaxed)
        await mover.value
        return try result.get()
    }

    private func solo(_ build: (GraphBuilder<Board, Never>) -> Void) throws -> Graph<Board, Never> {
        let builder = boardBuilder()
        build(builder)
        return try builder.start("a").end("a").build()
    }

    @Test("an attempt that takes longer than it may is cancelled, and the node fails with node_timeout")
    func timeout() async throws {
        let heard = Signal()
        let graph = try solo {
            $0.node("a") { _ in
                do { try await Signal().wait() } catch {
                    heard.give()
                    throw error
                }
            }
            .policies("a", timeout: .seconds(5))
        }
        let witness = Witness()
        let error = await #expect(throws: CodedError.self) { _ = try await finish(graph, hearing: witness) }
        #expect(error?.code == .nodeTimeout)
        #expect(error?.detail?.contains("\"a\", 5000.0 ms") == true)
        try await heard.wait()
        #expect(witness.notes.all == ["a: timeout of 5000.0"])
        #expect(clock.sleeperCount == 0)
    }

    @Test("work that ends in time leaves no timer behind")
    func inTime() async throws {
        let graph = try solo { $0.node("a", writes: \.last) { _ in 7 }.policies("a", timeout: .seconds(5)) }
        #expect(try await finish(graph).last == 7)
        #expect(clock.sleeperCount == 0)
    }

    @Test("a failure is followed by further attempts after the delays that the policy says, until one succeeds")
    func retry() async throws {
        let attempts = Notes()
        let graph = try solo {
            $0.node("a", writes: \.last) { context in
                attempts.add(context.stepKey)
                if attempts.all.count < 3 { throw Self.busy }
                return 7
            }
            .policies("a", retry: Patience(attempts: 5))
        }
        let witness = Witness()
        #expect(try await finish(graph, hearing: witness).last == 7)
        #expect(attempts.all == ["run_1/a#1", "run_1/a#1", "run_1/a#1"])
        #expect(
            witness.notes.all == [
                "a: retry after 1 in 1000.0 for overloaded", "a: retry after 2 in 2000.0 for overloaded",
            ])
    }

    @Test("when the policy gives up, the node fails with its last error; its writes are those of one attempt")
    func retryGivesUp() async throws {
        let graph = try solo {
            $0.node("a", writes: \.sum) { _ in throw Self.busy }
                .policies("a", retry: Patience(attempts: 3))
        }
        let error = await #expect(throws: CodedError.self) { _ = try await finish(graph) }
        #expect(error == Self.busy)
    }

    @Test("no attempt begins after the run's deadline: the failure comes at once instead of a wait in vain")
    func retryAndDeadline() async throws {
        let graph = try solo {
            $0.node("a") { _ in throw Self.busy }.policies("a", retry: Patience(attempts: 1000))
        }
        let witness = Witness()
        let deadline = clock.now().advanced(by: .milliseconds(2500))
        let error = await #expect(throws: CodedError.self) {
            _ = try await finish(graph, deadline: deadline, hearing: witness)
        }
        #expect(error == Self.busy)
        #expect(witness.notes.all == ["a: retry after 1 in 1000.0 for overloaded"])
    }

    @Test("however patient a policy is, attempts come to an end")
    func attemptsAreBounded() async throws {
        struct Endless: RetryPolicy {
            func delay(
                afterAttempt attempt: Int, of error: any Error, using generator: inout SeededGenerator
            ) -> Duration? { .zero - .seconds(1) }
        }
        let attempts = Notes()
        let graph = try solo {
            $0.node("a") { _ in
                attempts.add("")
                throw Self.busy
            }
            .policies("a", retry: Endless())
        }
        await #expect(throws: Self.busy) { _ = try await finish(graph) }
        #expect(attempts.all.count == 1000)
    }

    @Test("a cancellation is never tried again and takes no fallback")
    func cancellation() async throws {
        let started = Signal()
        let graph = try solo {
            $0.node("a") { _ in
                started.give()
                try await Signal().wait()
            }
            .policies("a", retry: Patience(attempts: 9), timeout: .seconds(100))
            .fallback("a") { _, _ in Issue.record("fell back") }
        }
        let runner = Runner(graph, time: clock)
        let task = Task { try await runner.run(Board(), context: makeContext()) }
        try await started.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("the fallback gets the error and fields of its own, and writes what the node would have written")
    func fallback() async throws {
        let graph = try solo {
            $0.node("a", writes: \.last, \.log) { _ in throw Self.busy }
                .fallback("a", reads: \.plain, writes: \.last, \.log) { _, error, plain in
                    (plain + 1, [CodedError(any: error).code == .overloaded ? 1 : 0])
                }
        }
        let board = try await finish(graph, from: Board(plain: 41))
        #expect(board.last == 42 && board.log == [1])
    }

    @Test("a fallback that fails is the node's failure, and an onError edge takes it")
    func fallbackFails() async throws {
        let graph = try boardBuilder()
            .node("a") { _ in throw Self.busy }.fallback("a") { _, _ in throw Broken(node: 1) }
            .node("b", writes: \.last) { _ in 3 }
            .start("a").onError("a", to: "b").edge("a", to: "b").end("b").build()
        #expect(try await finish(graph).last == 3)
    }

    @Test("a result from the cache spares the node; another input, another scope and another node miss")
    func cache() async throws {
        let shelf = Shelf()
        let calls = Notes()
        let graph = try solo {
            $0.node("a", reads: \.plain, \.text, writes: \.last, \.log) { _, plain, _ in
                calls.add("\(plain)")
                return (plain * 2, [plain])
            }
            .policies("a", cache: shelf)
        }
        let witness = Witness()
        for plain in [1, 1, 2, 1] {
            let board = try await finish(graph, from: Board(log: [9], plain: plain), hearing: witness)
            #expect(board.last == plain * 2 && board.log == [9, plain])
        }
        #expect(calls.all == ["1", "2"])
        #expect(witness.notes.all == ["a: cached", "a: cached"])
        #expect(Set(shelf.all.keys.map { String(decoding: $0.inputs, as: UTF8.self) }) == ["[1,null]", "[2,null]"])
        #expect(shelf.all.keys.allSatisfy { $0.scope == .local && $0.node == "a" && $0.graph == "board" })
    }

    @Test("what a node did before its work changed is not taken")
    func cacheVersion() async throws {
        let shelf = Shelf()
        for (version, expected) in [(1, 1), (2, 2), (1, 1)] {
            let graph = try solo {
                $0.node("a", writes: \.last) { _ in version }.policies("a", cache: shelf, cacheVersion: version)
            }
            #expect(try await finish(graph).last == expected)
        }
        #expect(shelf.all.count == 2)
    }

    @Test("what is no result of the node is a miss", arguments: ["", "{", "[]", "{}", "{\"last\":\"x\"}", "null"])
    func unreadableCache(bytes: String) async throws {
        struct Odd: NodeCache {
            let bytes: String
            func lookUp(_ key: NodeCacheKey) async -> [UInt8]? { Array(bytes.utf8) }
            func fill(_ result: [UInt8], for key: NodeCacheKey) async {}
        }
        let graph = try solo {
            $0.node("a", reads: \.plain, writes: \.last) { _, _ in 5 }.policies("a", cache: Odd(bytes: bytes))
        }
        #expect(try await finish(graph).last == 5)
    }

    @Test("a failure and a fallback's result are not kept by the cache")
    func cacheKeepsResultsOnly() async throws {
        let shelf = Shelf()
        let graph = try solo {
            $0.node("a", writes: \.last) { _ in throw Self.busy }
                .policies("a", cache: shelf).fallback("a", writes: \.last) { _, _ in 1 }
        }
        #expect(try await finish(graph).last == 1)
        #expect(shelf.all.isEmpty)
    }

    @Test("their order is fixed: each attempt has the whole timeout, the fallback comes after the last retry")
    func order() async throws {
        let graph = try solo {
            $0.node("a", writes: \.last) { _ in
                try await Signal().wait()
                return 0
            }
            .fallback("a", writes: \.last) { _, _ in 8 }
            .policies("a", cache: Shelf(), retry: Patience(attempts: 2), timeout: .seconds(3))
        }
        let witness = Witness()
        #expect(try await finish(graph, hearing: witness).last == 8)
        #expect(
            witness.notes.all == [
                "a: timeout of 3000.0", "a: retry after 1 in 1000.0 for node_timeout", "a: timeout of 3000.0",
                "a: fallback for node_timeout",
            ])
        #expect(graph.policies(of: "a") == [.cache, .fallback, .retry, .timeout])
        #expect(graph.plainText().contains("[cache › fallback › retry › timeout]"))
        #expect(graph.mermaid().contains("<br/>cache, fallback, retry, timeout"))
        #expect(graph.policies(of: "b").isEmpty)
    }

    @Test("delays of the built-in retry double up to the longest, are drawn anew, and are the same for the same seed")
    func exponential() throws {
        let retry = ExponentialRetry(attempts: 100, first: .seconds(1), longest: .seconds(8))
        var longest: [Int: Duration] = [:]
        for seed in 0..<500 as Range<UInt64> {
            for attempt in 1..<100 {
                var (generator, same) = (SeededGenerator(seed: seed), SeededGenerator(seed: seed))
                let delay = try #require(retry.delay(afterAttempt: attempt, of: Self.busy, using: &generator))
                #expect(delay >= .zero && delay <= .seconds(min(8, 1 << min(attempt - 1, 3))))
                #expect(retry.delay(afterAttempt: attempt, of: Self.busy, using: &same) == delay)
                longest[attempt] = max(longest[attempt] ?? .zero, delay)
            }
        }
        for (attempt, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (50, 8)] {
            #expect(try #require(longest[attempt]) > .seconds(most) * 9 / 10)
        }
        var generator = SeededGenerator(seed: 1)
        #expect(retry.delay(afterAttempt: 100, of: Self.busy, using: &generator) == nil)
        #expect(retry.delay(afterAttempt: 1, of: Broken(node: 1), using: &generator) != nil)
        #expect(retry.delay(afterAttempt: 1, of: CodedError(.invalidValue, ""), using: &generator) == nil)
    }
}
