/// Which nodes a single choice keeps from running in the same round: those reached only by one target of an exclusive
/// route and those reached only by another, and what follows a node's success and its failure.
struct Exclusivity {
    private struct Branches {
        let node: Int
        /// For each way to go on, what only it reaches.
        let sets: [NodeSet]
    }

    private let topology: Topology
    private let exclusiveRoutes: Set<Int>
    private var known: [Branches]?

    init(_ topology: Topology, exclusiveRoutes: Set<Int>) {
        self.topology = topology
        self.exclusiveRoutes = exclusiveRoutes
    }

    mutating func excludes(_ left: Int, _ right: Int) -> Bool {
        let all = known ?? allBranches()
        known = all
        return all.contains { branches in
            guard let first = branches.sets.firstIndex(where: { $0.contains(left) }),
                let second = branches.sets.firstIndex(where: { $0.contains(right) }), first != second
            else { return false }
            // Outside of a loop the rounds of the choice add up: each may have gone another way.
            return topology.loopsAround[branches.node].allSatisfy {
                topology.loops[$0].members.contains(left) && topology.loops[$0].members.contains(right)
            }
        }
    }

    private func allBranches() -> [Branches] {
        (0..<topology.count).compactMap { node in
            let range = topology.edges(of: node)
            var ways: [[Int]] = []
            if exclusiveRoutes.contains(node) {
                ways += range.filter { topology.edges[$0].kind == .choice }.map { [$0] }
            }
            if topology.hasOnError[node] {
                let isError = { topology.edges[$0].kind == .onError }
                ways = ways.isEmpty ? [range.filter { !isError($0) }] : ways
                ways.append(range.filter(isError))
            }
            guard ways.count > 1 else { return nil }
            let everything = reached(without: [])
            let sets = ways.map { way in
                let others = reached(without: way)
                var only = NodeSet(count: topology.count)
                for node in everything.members where !others.contains(node) { only.insert(node) }
                return only
            }
            return Branches(node: node, sets: sets)
        }
    }

    private func reached(without left: [Int]) -> NodeSet {
        var reached = NodeSet(count: topology.count)
        var stack = topology.starts
        while let node = stack.popLast() {
            if reached.contains(node) { continue }
            reached.insert(node)
            for index in topology.edges(of: node) where !left.contains(index) {
                stack.append(topology.edges[index].target)
            }
        }
        return reached
    }
}
