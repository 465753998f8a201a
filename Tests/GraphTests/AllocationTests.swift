import Base
import Testing

@testable import Graph

/// What a step allocates. Counts don't depend on the machine: who raises one of them has to mean it.
@Suite(.enabled(if: allocationCount() != nil, "a sanitizer has the allocator")) struct AllocationTests {
    private struct Counter: Codable, Sendable {
        var value = 0
        var total = 0
    }

    private func sequence(_ count: Int) throws -> Graph<Counter, Never> {
        let builder = GraphBuilder<Counter, Never>("sequence")
        for index in 0..<count {
            builder.node("n\(index)", reads: \.value, writes: \.value) { _, value in value + 1 }
            if index > 0 { builder.edge("n\(index - 1)", to: "n\(index)") }
        }
        return try builder.start("n0").end("n\(count - 1)").build()
    }

    private func fanOut(_ width: Int) throws -> Graph<Counter, Never> {
        let builder = GraphBuilder<Counter, Never>("fan-out").field(\.total, .sum)
            .node("split") { _ in }.node("join") { _ in }
        for index in 0..<width {
            builder.node("b\(index)", reads: \.value, writes: \.total) { _, value in value }
            builder.edge("split", to: "b\(index)").edge("b\(index)", to: "join")
        }
        return try builder.start("split").end("join").build()
    }

    /// What one more of something allocates: the least of some runs, because other threads allocate too.
    private func perUnit(
        _ small: Int, _ large: Int, _ run: (Int) throws -> (() async throws -> Void)
    ) async throws -> Double {
        func least(_ count: Int) async throws -> Int {
            let body = try run(count)
            try await body()
            var least = Int.max
            for _ in 0..<10 {
                let before = try #require(allocationCount())
                try await body()
                least = min(least, try #require(allocationCount()) - before)
            }
            return least
        }
        return Double(try await least(large) - least(small)) / Double(large - small)
    }

    private func check(_ what: String, _ count: Double, atMost limit: Double) {
        print("\(what): \(count) allocations, at most \(limit)")
        #expect(count <= limit, "\(what)")
        // A limit that nothing comes near would not be noticed to have become too high.
        #expect(count >= limit - 1, "\(what) allocates less: lower the limit")
    }

    @Test("a node in sequence") func nodes() async throws {
        let count = try await perUnit(100, 500) { count in
            let runner = Runner(try sequence(count), time: FixedTime(), limits: RunLimits(activations: count))
            return { _ = try await runner.run(Counter(), context: makeContext()) }
        }
        check("a node in sequence", count, atMost: 2)
    }

    @Test("a branch of a fan-out") func branches() async throws {
        let count = try await perUnit(100, 500) { count in
            let runner = Runner(try fanOut(count), time: FixedTime(), limits: RunLimits(activations: count + 2))
            return { _ = try await runner.run(Counter(), context: makeContext()) }
        }
        check("a branch of a fan-out", count, atMost: 3.1)
    }

    @Test("a node that is kept") func keptNodes() async throws {
        let count = try await perUnit(100, 500) { count in
            let graph = try sequence(count)
            return {
                let runner = try DurableRunner(
                    graph, checkpointer: MemoryCheckpointer(), time: FixedTime(), limits: RunLimits(activations: count))
                _ = try await runner.start(Counter(), context: makeContext())
            }
        }
        check("a node that is kept", count, atMost: 6.1)
    }

    @Test("a whole run of one node") func wholeRun() async throws {
        let runner = Runner(try sequence(1), time: FixedTime())
        var least = Int.max
        for _ in 0..<10 {
            let before = try #require(allocationCount())
            _ = try await runner.run(Counter(), context: makeContext())
            least = min(least, try #require(allocationCount()) - before)
        }
        check("a whole run of one node", Double(least), atMost: 10)
    }
}
