/// Who can reach whom, by sets that grow along the edges until nothing changes: one pass in topological order without
/// loops, two or three with them, and as many again over the members of each loop.
/// O(depth of loops × edges × nodes / 64).
struct Reach {
    private let edges: [Topology.Edge]
    private let isBack: [Bool]
    private let incoming: [[Int]]
    /// For each node those that it waits for; deferred nodes aside.
    private(set) var blockers: NodeMatrix
    /// For each node all others that have a path to it.
    private(set) var ancestors: NodeMatrix

    init(
        count: Int, edges: [Topology.Edge], isBack: [Bool], loops: [Topology.Loop], loopsAround: [[Int]], order: [Int]
    ) {
        self.edges = edges
        self.isBack = isBack
        var incoming: [[Int]] = Array(repeating: [], count: count)
        for (index, edge) in edges.enumerated() { incoming[edge.target].append(index) }
        self.incoming = incoming
        blockers = NodeMatrix(count: count)
        ancestors = blockers
        var isStable = false
        while !isStable { isStable = grow(&ancestors, over: order) }
        guard !loops.isEmpty else {
            blockers = ancestors
            return
        }
        for node in order where loopsAround[node].isEmpty {
            for index in incoming[node] { block(node, edges[index].source, ancestors) }
        }
        blockWithinLoops(loops, loopsAround, order)
        for node in 0..<count { ancestors.remove(node, node) }
    }

    /// Adds to each node's row what its sources and their rows hold; whether that was nothing new.
    private func grow(_ matrix: inout NodeMatrix, over nodes: [Int]) -> Bool {
        var isStable = true
        for node in nodes {
            for index in incoming[node] {
                let source = edges[index].source
                let isNew = !matrix.contains(node, source)
                if isNew { matrix.insert(node, source) }
                if matrix.formUnion(node, with: source) || isNew, isBack[index] { isStable = false }
            }
        }
        return isStable
    }

    private mutating func block(_ node: Int, _ source: Int, _ within: NodeMatrix) {
        blockers.insert(node, source)
        _ = blockers.formUnion(node, with: source, of: within)
        blockers.remove(node, node)
    }

    /// A path that starts a loop around a node again would lead to its next activation, not to this one; only an edge
    /// that starts the node itself again counts. Without such paths, what leads to a member comes from other members
    /// or, by way of the header, from outside; and no path leads from a member there. So each loop has only its own rows
    /// worked out anew, on top of those of the loop around it.
    private mutating func blockWithinLoops(_ loops: [Topology.Loop], _ loopsAround: [[Int]], _ order: [Int]) {
        var levels: [[Int]] = []
        var members: [[Int]] = Array(repeating: [], count: loops.count)
        for node in order {
            for (depth, loop) in loopsAround[node].enumerated() {
                if depth == levels.count { levels.append([]) }
                if members[loop].isEmpty { levels[depth].append(loop) }
                members[loop].append(node)
            }
        }
        var around = ancestors
        for level in levels {
            var within = around
            for loop in level {
                for node in members[loop] { within.removeAll(of: node) }
                var isStable = false
                while !isStable { isStable = grow(&within, inside: loops[loop], members[loop], around) }
                for node in members[loop] where loopsAround[node].last == loop {
                    for index in incoming[node] {
                        let source = edges[index].source
                        block(node, source, loops[loop].members.contains(source) ? within : around)
                    }
                }
            }
            around = within
        }
    }

    private func grow(
        _ matrix: inout NodeMatrix, inside loop: Topology.Loop, _ members: [Int], _ around: NodeMatrix
    ) -> Bool {
        var isStable = true
        for node in members {
            for index in incoming[node] where !(isBack[index] && node == loop.header) {
                let source = edges[index].source
                let isNew = !matrix.contains(node, source)
                if isNew { matrix.insert(node, source) }
                let isMember = loop.members.contains(source)
                let hasGrown =
                    isMember ? matrix.formUnion(node, with: source) : matrix.formUnion(node, with: source, of: around)
                if hasGrown || isNew, isBack[index] { isStable = false }
            }
        }
        return isStable
    }
}
