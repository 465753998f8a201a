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
        let retreating: [Topology.Edge]
        (result.order, retreating) = walk()
        guard !retreating.isEmpty else { return result }
        let dominators = dominators(order: result.order)
        for edge in retreating where !dominators.contains(edge.source, edge.target) {
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

    /// Depth first, without recursion: the reverse of the order of leaving is topological once the edges that lead
    /// back into the walk's own path are left out.
    private func walk() -> (order: [Int], retreating: [Topology.Edge]) {
        enum Mark { case unseen, open, left }
        var marks = Array(repeating: Mark.unseen, count: count)
        var leaving: [Int] = []
        var retreating: [Topology.Edge] = []
        for start in starts where marks[start] == .unseen {
            var path = [(node: start, next: 0)]
            marks[start] = .open
            while let (node, next) = path.last {
                guard next < successors[node].count else {
                    marks[node] = .left
                    leaving.append(node)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = successors[node][next]
                switch marks[target] {
                case .unseen:
                    marks[target] = .open
                    path.append((target, 0))
                case .open: retreating.append(Topology.Edge(source: node, target: target, kind: .always))
                case .left: break
                }
            }
        }
        return (leaving.reversed(), retreating)
    }

    /// For each reachable node those that lie on every path to it; nothing is said of the others. Repeats until nothing
    /// changes; two rounds where every cycle has one entry.
    private func dominators(order: [Int]) -> NodeMatrix {
        var matrix = NodeMatrix(count: count, filledWith: .max)
        var isReached = Array(repeating: false, count: count)
        for node in order { isReached[node] = true }
        let isStart = Set(starts)
        var row = Array(repeating: UInt64.max, count: matrix.width)
        var changed = true
        while changed {
            changed = false
            for node in order {
                for index in row.indices { row[index] = isStart.contains(node) ? 0 : .max }
                for source in predecessors[node] where isReached[source] {
                    for index in row.indices { row[index] &= matrix.word(source, index) }
                }
                row[node >> 6] |= 1 << UInt64(node & 63)
                for index in row.indices where row[index] != matrix.word(node, index) {
                    matrix.set(node, index, to: row[index])
                    changed = true
                }
            }
        }
        return matrix
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
