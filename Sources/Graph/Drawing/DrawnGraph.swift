/// A graph as far as it is drawn.
@usableFromInline
struct DrawnGraph: Sendable {
    /// What a node is, where that is more than work.
    indirect enum Kind: Sendable {
        case work, question, list
        case graph(DrawnGraph, isMapped: Bool)
    }

    /// Graphs deeper inside others than this are drawn as plain nodes.
    static let maximumDepth = 8

    let name: String
    let names: [String]
    let topology: Topology
    let policies: [[NodePolicy]]
    let kinds: [Kind]
    let isDeferred: [Bool]

    /// O(nodes), those of inner graphs included. `depth` says inside how many others it lies.
    init<State, Payload>(_ graph: Graph<State, Payload>, depth: Int = 0) {
        name = graph.name
        names = graph.nodeNames
        topology = graph.topology
        policies = graph.nodes.map { $0.policies }
        kinds = graph.nodes.map { Kind($0.content, depth: depth) }
        var isDeferred = Array(repeating: false, count: topology.count)
        for node in topology.deferred { isDeferred[node] = true }
        self.isDeferred = isDeferred
    }
}

extension DrawnGraph.Kind {
    init(_ content: NodeContent, depth: Int) {
        switch content {
        case .work: self = .work
        case .question: self = .question
        case .items: self = .list
        case .graph(let inner, let isMapped):
            if depth < DrawnGraph.maximumDepth {
                self = .graph(inner.drawing(depth: depth + 1), isMapped: isMapped)
            } else {
                self = isMapped ? .list : .work
            }
        }
    }
}
