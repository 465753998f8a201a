@testable import Graph

/// Which nodes of a random graph go round together, told by its edges back alone.
struct LoopMap {
    /// The whole graph or one loop, as units without cycles: nodes, and the loops inside as one unit each, which has
    /// the name of the node at which it is entered.
    struct Region {
        /// By node.
        var unit: [Int: Int] = [:]
        /// Units, each after those from which an edge leads to it.
        var order: [Int] = []
        /// By unit: those that it waits for.
        var before: [Int: Set<Int>] = [:]
    }

    /// By the node at which a loop is entered: all that can get back there without leaving it.
    let members: [Int: Set<Int>]
    private var regions: [Int?: Region] = [:]

    init(_ graph: RandomGraph) {
        var members: [Int: Set<Int>] = [:]
        for header in Set(graph.back.map(\.target)) {
            var loop: Set<Int> = [header]
            var stack = graph.back.filter { $0.target == header }.map(\.source)
            while let node = stack.popLast() {
                guard loop.insert(node).inserted else { continue }
                stack += graph.edges.filter { $0.target == node }.map(\.source)
            }
            members[header] = loop
        }
        self.members = members
        regions[nil] = LoopMap.region(of: nil, Set(0..<graph.count), members, graph)
        for (header, nodes) in members { regions[header] = LoopMap.region(of: header, nodes, members, graph) }
    }

    func region(of loop: Int?) -> Region { regions[loop] ?? Region() }

    private static func region(
        of loop: Int?, _ nodes: Set<Int>, _ members: [Int: Set<Int>], _ graph: RandomGraph
    ) -> Region {
        var region = Region()
        let inner = members.filter { $0.key != loop && nodes.contains($0.key) && $0.value.isSubset(of: nodes) }
        for node in nodes {
            let around = inner.filter { $0.value.contains(node) }.max { $0.value.count < $1.value.count }
            region.unit[node] = around?.key ?? node
        }
        for edge in graph.edges where edge.target != loop {
            guard let source = region.unit[edge.source], let target = region.unit[edge.target], source != target
            else { continue }
            region.before[target, default: []].insert(source)
        }
        var rest = Set(region.unit.values)
        while let next = rest.sorted().first(where: { region.before[$0, default: []].isDisjoint(with: rest) }) {
            region.order.append(next)
            rest.remove(next)
            // By now all that is before those before it is known.
            for unit in region.before[next, default: []] {
                region.before[next, default: []].formUnion(region.before[unit, default: []])
            }
        }
        return region
    }

    /// The units of a region in which there are writers, in the order in which they join: as they are declared, but
    /// none before one for which it waits. A loop has the place of that of its writers which comes first in it.
    func order(of loop: Int?, writers: Set<Int>) -> [Int] {
        let region = region(of: loop)
        var places: [Int: Int] = [:]
        for unit in Set(writers.compactMap { region.unit[$0] }) {
            places[unit] = place(of: unit, in: loop, writers: writers)
        }
        var rest = places.keys.sorted { (places[$0] ?? 0, $0) < (places[$1] ?? 0, $1) }
        var result: [Int] = []
        while let index = rest.firstIndex(where: { region.before[$0, default: []].isDisjoint(with: rest) }) {
            result.append(rest.remove(at: index))
        }
        return result
    }

    private func place(of unit: Int, in loop: Int?, writers: Set<Int>) -> Int {
        guard unit != loop, members[unit] != nil else { return unit }
        guard let first = order(of: unit, writers: writers).first else { return unit }
        return place(of: first, in: unit, writers: writers)
    }
}
