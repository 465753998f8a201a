/// A walk from the starts along all edges, without recursion. O(nodes + edges).
struct DepthFirstWalk {
    /// The nodes that are reached, the other way round than they were left: topological once the edges that lead back
    /// into the walk's own path are left out.
    let order: [Int]
    /// Those edges.
    let retreating: [Topology.Edge]

    init(successors: [[Int]], starts: [Int]) {
        enum Mark { case unseen, open, left }
        var marks = Array(repeating: Mark.unseen, count: successors.count)
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
        order = leaving.reversed()
        self.retreating = retreating
    }
}
