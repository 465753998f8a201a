/// Puts a graph's nodes into lines, so that branches hang side by side below the node that they leave, and what joins
/// them follows at that node's own level:
///
///     draft
///     ├─ review
///     └─ validate
///     citations
///
/// Its frame is the dominator tree of the graph without its back edges: a node stands somewhere below the last one
/// that lies on every path to it. The order of the lines is topological, and among equals that of the declaration.
/// O(nodes × edges); without recursion, so that no graph is too deep.
struct Outline {
    struct Line: Equatable {
        let node: Int
        /// The tree's marks before the name.
        let indent: String
    }

    /// Nodes of which none dominates another, and the marks of their first line and of the others.
    private struct Part {
        let nodes: [Int]
        let first: String
        let rest: String
    }

    /// Deeper branches are not indented any further.
    private static let maximumIndent = 24

    private let topology: Topology
    /// By node the nodes that it immediately dominates, ascending; last the root, which leads to the starts.
    private var children: [[Int]]
    /// By node those nodes of the same parent from which an edge leads to it, maybe through what they dominate.
    private var earlierSiblings: [[Int]]
    /// Its place in a topological order.
    private var rank: [Int]
    private(set) var lines: [Line] = []

    init(_ topology: Topology) {
        self.topology = topology
        children = Array(repeating: [], count: topology.count + 1)
        earlierSiblings = Array(repeating: [], count: topology.count)
        rank = Array(repeating: 0, count: topology.count)
        findDominators()
        layOut()
    }

    // MARK: Who stands below whom

    private mutating func findDominators() {
        var sources: [[Int]] = Array(repeating: [], count: topology.count)
        for (index, edge) in topology.edges.enumerated() where !topology.isBack[index] {
            sources[edge.target].append(edge.source)
        }
        let order = topologicalOrder()
        for (place, node) in order.enumerated() { rank[node] = place }
        let tree = DominatorTree(predecessors: sources, order: order, starts: topology.starts)
        for node in order.sorted() {
            children[tree.parent[node]].append(node)
            for source in sources[node] where source != tree.parent[node] {
                var sibling = source
                while tree.depth[sibling] > tree.depth[node] { sibling = tree.parent[sibling] }
                if !earlierSiblings[node].contains(sibling) { earlierSiblings[node].append(sibling) }
            }
        }
    }

    private func topologicalOrder() -> [Int] {
        var open = Array(repeating: 0, count: topology.count)
        for (index, edge) in topology.edges.enumerated() where !topology.isBack[index] { open[edge.target] += 1 }
        var order = (0..<topology.count).filter { open[$0] == 0 }
        var next = 0
        while next < order.count {
            for index in topology.edges(of: order[next]) where !topology.isBack[index] {
                let target = topology.edges[index].target
                open[target] -= 1
                if open[target] == 0 { order.append(target) }
            }
            next += 1
        }
        return order
    }

    // MARK: Lines

    private mutating func layOut() {
        var stack = [Part(nodes: children[topology.count], first: "", rest: "")]
        while let part = stack.popLast() {
            guard let node = part.nodes.first else { continue }
            if part.nodes.count == 1 {
                lines.append(Line(node: node, indent: part.first))
                stack.append(Part(nodes: children[node], first: part.rest, rest: part.rest))
                continue
            }
            let groups = connectedGroups(part.nodes)
            if groups.count > 1 {
                stack += branches(of: part, groups).reversed()
            } else {
                let (before, after) = split(part.nodes)
                stack.append(Part(nodes: after, first: part.rest, rest: part.rest))
                stack.append(Part(nodes: before, first: part.first, rest: part.rest))
            }
        }
    }

    private func branches(of part: Part, _ groups: [[Int]]) -> [Part] {
        // Three columns for each level; beyond the limit branches share a level.
        if part.rest.count + 3 > Outline.maximumIndent {
            return groups.enumerated().map {
                Part(nodes: $0.element, first: $0.offset == 0 ? part.first : part.rest, rest: part.rest)
            }
        }
        return groups.enumerated().map { position, nodes in
            let isLast = position == groups.count - 1
            let dash = isConditional(nodes) ? "╌" : "─"
            var first = part.rest + (isLast ? "└" : "├") + dash + " "
            // The first of them stands on a line that has a mark already.
            if position == 0, part.first != part.rest { first = String(part.first.dropLast()) + "─┬" + dash + " " }
            return Part(nodes: nodes, first: first, rest: part.rest + (isLast ? "   " : "│  "))
        }
    }

    /// Whether a branch is only entered by choice or by failure.
    private func isConditional(_ branch: [Int]) -> Bool {
        let members = Set(branch)
        let entries = Set(branch.filter { node in !earlierSiblings[node].contains(where: members.contains) })
        if topology.starts.contains(where: entries.contains) { return false }
        return !topology.edges.indices.contains {
            topology.edges[$0].kind == .always && !topology.isBack[$0] && entries.contains(topology.edges[$0].target)
        }
    }

    /// Nodes that have nothing to do with one another, apart; each group ascending, and the groups by their first.
    private func connectedGroups(_ nodes: [Int]) -> [[Int]] {
        var neighbours: [Int: [Int]] = [:]
        for node in nodes { neighbours[node] = [] }
        for node in nodes {
            for earlier in earlierSiblings[node] where neighbours[earlier] != nil {
                neighbours[node]?.append(earlier)
                neighbours[earlier]?.append(node)
            }
        }
        var seen: Set<Int> = []
        var groups: [[Int]] = []
        for node in nodes where seen.insert(node).inserted {
            var group = [node]
            var next = 0
            while next < group.count {
                for other in neighbours[group[next], default: []] where seen.insert(other).inserted {
                    group.append(other)
                }
                next += 1
            }
            groups.append(group.sorted())
        }
        return groups
    }

    /// Cuts a group into what comes first and what joins all of it; where nothing joins all, into its entries and
    /// the rest. Neither is empty for a group of more than one.
    private func split(_ nodes: [Int]) -> (before: [Int], after: [Int]) {
        let members = Set(nodes)
        let entries = nodes.filter { node in !earlierSiblings[node].contains(where: members.contains) }
        // By node the entries from which it is reached.
        var reachedBy: [Int: NodeSet] = [:]
        for (position, entry) in entries.enumerated() {
            reachedBy[entry] = NodeSet(count: entries.count)
            reachedBy[entry]?.insert(position)
        }
        var joins: Set<Int> = []
        for node in nodes.sorted(by: { rank[$0] < rank[$1] }) where reachedBy[node] == nil {
            var set = NodeSet(count: entries.count)
            for earlier in earlierSiblings[node] {
                if let reached = reachedBy[earlier] { set.formUnion(reached) }
            }
            reachedBy[node] = set
            if set.members.count == entries.count { joins.insert(node) }
        }
        let after = joins.isEmpty ? members.subtracting(entries) : joins
        return (nodes.filter { !after.contains($0) }, nodes.filter(after.contains))
    }
}
