import Base

@testable import Graph

/// What becomes of a random graph, told without the engine.
protocol GraphModel {
    var board: Board { get }
    /// Nodes that fail with nobody to take it.
    var unhandled: Set<Int> { get }
    var passedEnd: Bool { get }
}

extension RandomGraph {
    /// Of the graph that is kept.
    var keptModel: any GraphModel {
        back.isEmpty ? ReferenceModel(self, isKept: true) : LoopModel(self, isKept: true)
    }
}

/// What DESIGN says about a graph without cycles, told once more and in the plainest way: nodes in topological order, a
/// node runs if an edge into it was taken.
struct ReferenceModel: GraphModel {
    private(set) var board = Board()
    private(set) var ran: Set<Int> = []
    private(set) var unhandled: Set<Int> = []
    private(set) var passedEnd = false

    init(_ graph: RandomGraph, isKept: Bool = false) {
        var done: Set<Int> = []
        var active = Set(graph.starts)
        while done.count < graph.count {
            for node in 0..<graph.count where !done.contains(node) {
                guard graph.edges.allSatisfy({ $0.target != node || done.contains($0.source) }) else { continue }
                done.insert(node)
                guard active.contains(node) else { continue }
                ran.insert(node)
                if graph.failing.contains(node) {
                    let handlers = graph.targets(node, .onError)
                    if handlers.isEmpty { unhandled.insert(node) }
                    active.formUnion(handlers)
                    continue
                }
                if graph.ends.contains(node) { passedEnd = true }
                active.formUnion(graph.targets(node, .always))
                let choices = graph.targets(node, .choice)
                if !choices.isEmpty { active.formUnion(graph.choice(node, round: 1).map { choices[$0] }) }
            }
        }
        write(graph, isKept: isKept)
    }

    private mutating func write(_ graph: RandomGraph, isKept: Bool) {
        func writers(_ kinds: Set<Int>, where writes: (Int) -> Bool = { _ in true }) -> [Int] {
            ReferenceModel.order((0..<graph.count).filter { kinds.contains(graph.kind($0)) && writes($0) }, in: graph)
                .filter { ran.contains($0) && !graph.failing.contains($0) }
        }
        board.log = writers([1, 2]).map { $0 * 100 + 1 }
        board.sum = writers([1]).reduce(0) { $0 + $1 * 100 + 1 }
        board.seen = Set(writers([2]).map { $0 * 100 + 1 })
        board.error = notes(graph)
        board.last = writers([3]).last.map { $0 * 100 + 1 } ?? 0
        if isKept {
            let mapping = { graph.isMapped($0) && !graph.failing.contains($0) }
            board.mapped = writers([0], where: mapping).flatMap { node in [0, 1, 2].map { node * 1000 + $0 } }
        }
    }

    /// Of each failure that was taken and noted, as often as it was.
    private func notes(_ graph: RandomGraph) -> CodedError? {
        let noting = (0..<graph.count).filter { !graph.targets($0, .onError).isEmpty && graph.records($0).first }
        let messages = ReferenceModel.order(noting, in: graph)
            .filter { ran.contains($0) && graph.failing.contains($0) }
            .map(graph.note)
        return messages.isEmpty ? nil : .noted(messages.joined())
    }

    /// Declaration order, but never before a writer from which an edge leads here.
    private static func order(_ writers: [Int], in graph: RandomGraph) -> [Int] {
        func reaches(_ source: Int, _ target: Int) -> Bool {
            var stack = [source]
            var seen: Set<Int> = []
            while let node = stack.popLast() {
                for edge in graph.edges where edge.source == node {
                    if edge.target == target { return true }
                    if seen.insert(edge.target).inserted { stack.append(edge.target) }
                }
            }
            return false
        }
        var rest = writers
        var result: [Int] = []
        while let next = rest.first(where: { node in !rest.contains { $0 != node && reaches($0, node) } }) {
            result.append(next)
            rest.removeAll { $0 == next }
        }
        return result
    }
}
