import Base
import JSON
import Synchronization

@testable import Graph

extension RandomGraph {
    /// The same graph of nodes that ask, work on lists and run other graphs: to the same end. What a question asks for is
    /// in it. `effects` hears of each piece of work by its step.
    func buildKept(_ effects: Effects) throws -> Graph<Board, Never> {
        let builder = boardBuilder().field(\.error, .lastValue)
        for node in 0..<count {
            let name = "n\(node)"
            let fails = failing.contains(node)
            @Sendable func enter(_ context: NodeContext<Never>) async throws -> Int {
                effects.note(context.step)
                for _ in 0..<(seed >> UInt64(node % 32)) % 3 { await Task.yield() }
                if fails { throw Broken(node: node) }
                return node * 100 + context.activation
            }
            switch (kind(node), fails ? 0 : style(node)) {
            case (0, 0): builder.node(name) { _ = try await enter($0) }
            case (0, 1):
                builder.map(name, over: \.items, writes: \.mapped, limit: 2) { context, item in
                    _ = try await enter(context)
                    return node * 1000 + item
                }
            case (0, _):
                builder.map(name, over: \.items, try inner(node, effects), writes: \.mapped, limit: 1 + node % 3) {
                    Board(sum: $0)
                } leave: {
                    node * 1000 + $0.sum
                }
            case (1, _):
                builder.node(name, writes: \.log, \.sum) {
                    let entry = try await enter($0)
                    return ([entry], entry)
                }
            case (2, _):
                builder.node(name, writes: \.log, \.seen) {
                    let entry = try await enter($0)
                    return ([entry], [entry])
                }
            case (_, 1): builder.ask(name, writes: \.last) { .int(Int64(node * 100 + 1)) }
            case (_, 2):
                builder.graph(name, try inner(node, effects), writes: \.last) {
                    Board(sum: node * 100 + 1)
                } leave: {
                    $0.sum
                }
            default: builder.node(name, writes: \.last) { try await enter($0) }
            }
        }
        connect(builder) { _ in 1 }
        return try builder.build()
    }

    /// Gives back its first sum, by way of a question and of a failure that is taken.
    private func inner(_ node: Int, _ effects: Effects) throws -> Graph<Board, Never> {
        let asks = (seed >> UInt64(node % 40)) % 2 == 0
        let builder = boardBuilder()
            .node("a") { effects.note($0.step) }
            .node("b") {
                effects.note($0.step)
                await Task.yield()
                throw Broken(node: 1)
            }
            .node("c", writes: \.log) {
                effects.note($0.step)
                return [1]
            }
            .start("a", "b").onError("b", to: "c").edge("a", to: "d").edge("c", to: "d").end("b", "d")
        if asks {
            builder.ask("d", reads: \.sum, writes: \.last) { .int(Int64($0)) }
        } else {
            builder.node("d", reads: \.sum, writes: \.last) { _, sum in sum }
        }
        return try builder.build()
    }
}
