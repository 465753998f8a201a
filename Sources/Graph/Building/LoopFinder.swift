/// Finds the loops of a graph: which edges close them, where they are entered, which nodes belong to them.
struct LoopFinder {
    struct Result: Sendable {
        /// Nodes that the starts reach, in a topological order of the graph without its back edges.
        var order: [Int] = []
        /// Pairs of source and target.
        var backEdges: Set<[Int]> = []
        var loops: [Topology.Loop] = []
        /// Cycles that can be entered at more than one node, by an edge that closes one. Nothing that relies on
        /// loops means anything for such a graph.
        var irreducible: [Topology.Edge] = []
    }

    let count: Int
    let successors: [[Int]]
    let predecessors: [[Int]]
    let starts: [Int]

    init(count: Int, edges: [Topology.Edge], starts: [Int]) {
        self.count = count
        self.starts = starts
        var successors: [[Int]] = Array(repeating: [], count: count)
        var predecessors: [[Int]] = Array(repeating: [], count: count)
        for edge in edges {
            successors[edge.source].append(edge.target)
            predecessors[edge.target].append(edge.source)
        }
        self.successors = successors
        self.predecessors = predecessors
    }

    func find() -> Result {
        var result = Result()
        let walk = DepthFirstWalk(successors: successors, starts: starts)
        let retreating = walk.retreating
        result.order = walk.order
        guard !retreating.isEmpty else { return result }
        let dominators = DominatorTree(predecessors: predecessors, order: walk.order, starts: starts)
        for edge in retreating where !dominators.dominates(edge.target, edge.source) {
            result.irreducible.append(edge)
        }
        guard result.irreducible.isEmpty else { return result }
        for header in Set(retreating.map(\.target)).sorted() {
            let sources = retreating.filter { $0.target == header }.map(\.source)
            for source in sources { result.backEdges.insert([source, header]) }
            result.loops.append(Topology.Loop(header: header, members: members(header: header, sources: sources)))
        }
        return result
    }

    private func members(header: Int, sources: [Int]) -> NodeSet {
        var members = NodeSet(count: count)
        members.insert(header)
        var stack = sources
        while let node = stack.popLast() {
            if members.contains(node) { continue }
            members.insert(node)
            stack += predecessors[node]
        }
        return members
    }
}
