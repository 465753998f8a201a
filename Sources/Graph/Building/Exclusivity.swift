/// Which nodes a single choice keeps from running in the same round: those reached only by one target of an exclusive
/// route and those reached only by another, and what follows a node's success and its failure.
struct Exclusivity {
    private let topology: Topology
    private let exclusiveRoutes: Set<Int>
    /// Of the graph in which each way of a choice is a node of its own, behind those of the graph.
    private var tree: DominatorTree?

    init(_ topology: Topology, exclusiveRoutes: Set<Int>) {
        self.topology = topology
        self.exclusiveRoutes = exclusiveRoutes
    }

    /// O(depth of the graph), the first time O(edges × depth).
    mutating func excludes(_ left: Int, _ right: Int) -> Bool {
        let tree = tree ?? treeOfWays()
        self.tree = tree
        // Two ways of one choice, each of which alone leads to one of the nodes, lie right below the choice.
        guard let fork = tree.fork(left, right), min(fork.left, fork.right) >= topology.count else { return false }
        // Outside of a loop the rounds of the choice add up: each may have gone another way.
        return topology.loopsAround[fork.above].allSatisfy {
            topology.loops[$0].members.contains(left) && topology.loops[$0].members.contains(right)
        }
    }

    private func treeOfWays() -> DominatorTree {
        var successors: [[Int]] = Array(repeating: [], count: topology.count)
        for node in 0..<topology.count {
            var (success, failure): (Int?, Int?)
            /// A way leads to any number of targets.
            func join(_ way: inout Int?, _ target: Int) {
                if let way { return successors[way].append(target) }
                way = successors.count
                successors[node].append(successors.count)
                successors.append([target])
            }
            for index in topology.edges(of: node) {
                let edge = topology.edges[index]
                switch (edge.kind, exclusiveRoutes.contains(node)) {
                case (.onError, _): join(&failure, edge.target)
                case (.choice, true):
                    var alone: Int?
                    join(&alone, edge.target)
                case (.choice, false), (.always, false): join(&success, edge.target)
                // Taken with whatever is chosen.
                case (.always, true): successors[node].append(edge.target)
                }
            }
        }
        var predecessors: [[Int]] = Array(repeating: [], count: successors.count)
        for (node, targets) in successors.enumerated() { for target in targets { predecessors[target].append(node) } }
        let order = DepthFirstWalk(successors: successors, starts: topology.starts).order
        return DominatorTree(predecessors: predecessors, order: order, starts: topology.starts)
    }
}
