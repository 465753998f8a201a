import Base
import JSON
import Synchronization

@testable import Graph

extension RandomGraph {
    /// The same graph of nodes that ask, work on lists and run other graphs: to the same end. What a question asks for is
    /// in it. `effects` hears of each piece of work by its step.
    func buildKept(_ effects: Effects) throws -> Graph<Board, Never> {
        let builder = boardBuilder().field(\.error, .lastValue)
        let begun = Begun(count)
        for node in 0..<count {
            let name = "n\(node)"
            let fails = failing.contains(node)
            // Whoever chooses between going round and going on is to know its round.
            let isPlain = fails || !back.isEmpty && !targets(node, .choice).isEmpty
            @Sendable func enter(_ context: NodeContext<Never>) async throws -> Int {
                effects.note(context.step)
                begun.note(node, context.activation)
                for _ in 0..<(seed >> UInt64(node % 32)) % 3 { await Task.yield() }
                if fails { throw Broken(node: node) }
                return node * 100 + context.activation
            }
            switch (kind(node), isPlain ? 0 : style(node)) {
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
        connect(builder) { begun.activation(of: $0) }
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

/// Which activation of each node began last. Not counted here: a process that takes a run over begins in the middle.
private final class Begun: Sendable {
    private let activations: Mutex<[Int]>

    init(_ count: Int) { activations = Mutex(Array(repeating: 1, count: count)) }

    func note(_ node: Int, _ activation: Int) { activations.withLock { $0[node] = activation } }
    func activation(of node: Int) -> Int { activations.withLock { $0[node] } }
}
