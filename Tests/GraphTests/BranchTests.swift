import Base
import Synchronization
import Testing

@testable import Graph

/// Nodes beside one another: where and in which order they begin, whether they wait or not.
@Suite struct BranchTests {
    private static let width = 40

    /// Between `split` and `join` as many branches as `width` says.
    private func fanOut(
        _ branch: @escaping @Sendable (Int, NodeContext<Never>) async throws -> [Int]
    ) throws -> Graph<Board, Never> {
        let builder = boardBuilder().node("split") { _ in }.node("join") { _ in }.start("split").end("join")
        for index in 0..<Self.width {
            builder.node("b\(index)", writes: \.log) { context in try await branch(index, context) }
                .edge("split", to: "b\(index)").edge("b\(index)", to: "join")
        }
        return try builder.build()
    }

    @Test("branches begin in the order of their declaration, whichever of them wait, also on many threads")
    func order() async throws {
        for pattern in 1...5 {
            let begun = Mutex<[Int]>([])
            let graph = try fanOut { index, _ in
                begun.withLock { $0.append(index) }
                for _ in 0..<(index % pattern) { await Task.yield() }
                return [index]
            }
            for _ in 0..<100 {
                begun.withLock { $0 = [] }
                let state = try await run(graph)
                #expect(state.log == Array(0..<Self.width))
                #expect(begun.withLock { $0.map { $0 } } == Array(0..<Self.width))
            }
        }
    }

    @Test("all branches begin on one thread, whichever of them wait") func thread() async throws {
        let threads = Mutex<Set<UInt>>([])
        let graph = try fanOut { index, _ in
            threads.withLock { _ = $0.insert(currentThread()) }
            if index % 3 == 0 { await Task.yield() }
            return [index]
        }
        for _ in 0..<100 {
            threads.withLock { $0 = [] }
            _ = try await run(graph)
            #expect(threads.withLock { $0.count } == 1)
        }
    }

    @Test("a branch that waits for a later one does not hold it up") func waitingForLater() async throws {
        let signals = (0..<Self.width).map { _ in Signal() }
        let graph = try fanOut { index, _ in
            if index + 1 < Self.width { try await signals[index + 1].wait() }
            signals[index].give()
            return [index]
        }
        #expect(try await run(graph).log == Array(0..<Self.width))
    }

    @Test("a branch that cancels its own task cancels no other") func ownTask() async throws {
        let cancelled = Mutex<[Int]>([])
        let graph = try fanOut { index, _ in
            if Task.isCancelled { cancelled.withLock { $0.append(index) } }
            if index % 4 == 1 { cancelOwnTask() }
            if index % 8 == 3 { await Task.yield() }
            return [index]
        }
        #expect(try await run(graph).log == Array(0..<Self.width))
        #expect(cancelled.withLock { $0.map { $0 } } == [])
    }

    @Test("when a branch throws at once, those after it have begun all the same, and end cancelled")
    func throwing() async throws {
        let (begun, cancelled) = (Notes(), Notes())
        let graph = try fanOut { index, _ in
            begun.add("\(index)")
            if index == 1 { throw Broken(node: index) }
            if index > 1 {
                do { try await Signal().wait() } catch {
                    cancelled.add("\(index)")
                    throw error
                }
            }
            return [index]
        }
        await #expect(throws: Broken(node: 1)) { try await run(graph) }
        #expect(begun.count == Self.width)
        #expect(cancelled.count == Self.width - 2)
    }

    @Test("no more branches are at work than the limit says, whether they wait or not", arguments: [1, 2, 7])
    func limit(concurrency: Int) async throws {
        let counts = Mutex((atWork: 0, most: 0))
        let graph = try fanOut { index, _ in
            counts.withLock { counts in
                counts.atWork += 1
                counts.most = max(counts.most, counts.atWork)
            }
            if index % 2 == 0 { await Task.yield() }
            counts.withLock { $0.atWork -= 1 }
            return [index]
        }
        let runner = Runner(graph, time: FixedTime(), limits: RunLimits(concurrency: concurrency))
        #expect(try await runner.run(Board(), context: makeContext()).log == Array(0..<Self.width))
        #expect(counts.withLock { $0.most } <= concurrency)
    }
}
