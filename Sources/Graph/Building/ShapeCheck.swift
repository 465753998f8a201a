/// What can be wrong with nodes and edges alone.
struct ShapeCheck {
    let names: [String]
    let edges: [Topology.Edge]
    let starts: [Int]
    let ends: [Int]
    let loops: LoopFinder.Result

    var complaints: [String] { unreachable + deadEnds + entries + endless + wayless }

    private func quoted(_ node: Int) -> String { "\"\(names[node])\"" }

    private var unreachable: [String] {
        if starts.isEmpty { return [] }
        let reached = Set(loops.order)
        return names.indices.filter { !reached.contains($0) }.map {
            "Node \(quoted($0)) cannot be reached from a start."
        }
    }

    private var deadEnds: [String] {
        let goesOn = Set(edges.lazy.filter { $0.kind != .onError }.map(\.source)).union(ends)
        return names.indices.filter { !goesOn.contains($0) }.map {
            "Node \(quoted($0)) leads nowhere: give it an edge or declare it an end."
        }
    }

    private var entries: [String] {
        loops.irreducible.map {
            """
            The cycle closed by the edge from \(quoted($0.source)) to \(quoted($0.target)) can be entered beside \
            \(quoted($0.target)): give it one entry.
            """
        }
    }

    /// A cycle of edges that are always taken.
    private var endless: [String] {
        var incoming = Array(repeating: 0, count: names.count)
        var successors: [[Int]] = Array(repeating: [], count: names.count)
        for edge in edges where edge.kind == .always {
            incoming[edge.target] += 1
            successors[edge.source].append(edge.target)
        }
        var free = names.indices.filter { incoming[$0] == 0 }
        var rest = Set(names.indices)
        while let node = free.popLast() {
            rest.remove(node)
            for target in successors[node] {
                incoming[target] -= 1
                if incoming[target] == 0 { free.append(target) }
            }
        }
        // What only hangs off a cycle is left over too: strip it from the other side.
        var stripped = true
        while stripped {
            let sinks = rest.filter { node in !successors[node].contains(where: rest.contains) }
            rest.subtract(sinks)
            stripped = !sinks.isEmpty
        }
        if rest.isEmpty { return [] }
        let list = rest.sorted().map(quoted).joined(separator: ", ")
        return ["The cycle of \(list) never ends: none of its edges is a choice."]
    }

    private var wayless: [String] {
        loops.loops.compactMap { loop in
            let members = loop.members
            let leaves = edges.contains { members.contains($0.source) && !members.contains($0.target) }
            if leaves || ends.contains(where: members.contains) { return nil }
            let list = members.members.map(quoted).joined(separator: ", ")
            return "The cycle of \(list) has no way out: no edge leaves it and none of its nodes is an end."
        }
    }
}
