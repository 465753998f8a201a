import Base
import Testing

@testable import Graph

/// Who waits for whom and who excludes whom, compared with what their definitions say when they are followed edge by
/// edge.
@Suite("Reach of a graph's nodes") struct ReachTests {
    private struct Shape {
        let topology: Topology
        let exclusive: Set<Int>

        /// `attempts` to close a loop; few of them make one that can be entered at one node only.
        init(seed: UInt64, attempts: Int) {
            var graph = RandomGraph.acyclic(seed: seed, maximum: 24)
            var generator = SeededGenerator(seed: ~seed)
            for _ in 0..<attempts {
                let (source, target) = (Int(generator.next() % 24), Int(generator.next() % 24))
                guard source < graph.count, target < graph.count else { continue }
                let edge = Topology.Edge(source: source, target: target, kind: .choice)
                guard !graph.edges.contains(where: { $0.source == source && $0.target == target }) else { continue }
                let edges = graph.edges + [edge]
                let found = LoopFinder(count: graph.count, edges: edges, starts: graph.starts).find()
                if found.irreducible.isEmpty { graph.edges = edges }
            }
            topology = Topology(
                count: graph.count, edges: graph.edges, starts: graph.starts, ends: Array(graph.ends),
                loops: LoopFinder(count: graph.count, edges: graph.edges, starts: graph.starts).find())
            exclusive = graph.exclusive
        }

        /// All with a path to the node, on which no loop around it is started again but by the last edge.
        func waitedFor(by node: Int) -> Set<Int> {
            let headers = Set(topology.loopsAround[node].map { topology.loops[$0].header })
            var found: Set<Int> = []
            var stack = topology.edges.filter { $0.target == node }.map(\.source)
            while let next = stack.popLast() {
                guard found.insert(next).inserted else { continue }
                for (index, edge) in topology.edges.enumerated() where edge.target == next {
                    if !(topology.isBack[index] && headers.contains(next)) { stack.append(edge.source) }
                }
            }
            return found.subtracting([node])
        }

        func reached(without left: Set<Int>) -> Set<Int> {
            var found: Set<Int> = []
            var stack = topology.starts
            while let next = stack.popLast() {
                guard found.insert(next).inserted else { continue }
                stack += topology.edges(of: next).filter { !left.contains($0) }.map { topology.edges[$0].target }
            }
            return found
        }

        /// For each choice, by way what only it reaches.
        func branches() -> [(node: Int, only: [Set<Int>])] {
            (0..<topology.count).map { node in
                let range = topology.edges(of: node)
                let failure = range.filter { topology.edges[$0].kind == .onError }
                let choices = range.filter { topology.edges[$0].kind == .choice }
                var ways = exclusive.contains(node) ? choices.map { [$0] } : [range.filter { !failure.contains($0) }]
                ways.append(failure)
                let all = reached(without: [])
                return (node, ways.map { all.subtracting(reached(without: Set($0))) })
            }
        }
    }

    @Test("a node waits for whoever has a path to it that starts no loop around it again")
    func blockers() throws {
        var loops = 0
        var deepest = 0
        for seed in 0..<500 as Range<UInt64> {
            let shape = Shape(seed: seed, attempts: 80)
            loops += shape.topology.loops.count
            for node in 0..<shape.topology.count {
                deepest = max(deepest, shape.topology.loopsAround[node].count)
                let blockers = (0..<shape.topology.count).filter { shape.topology.blockers.contains(node, $0) }
                try #require(Set(blockers) == shape.waitedFor(by: node), "seed \(seed), node \(node)")
            }
        }
        #expect(loops > 400 && deepest > 2)
    }

    @Test("two nodes exclude each other where one way of a choice alone leads to one, another alone to the other")
    func exclusions() throws {
        var count = 0
        for seed in 0..<500 as Range<UInt64> {
            let shape = Shape(seed: seed, attempts: 8)
            let branches = shape.branches()
            var exclusivity = Exclusivity(shape.topology, exclusiveRoutes: shape.exclusive)
            for left in 0..<shape.topology.count {
                for right in 0..<shape.topology.count {
                    let isExcluded = branches.contains { branch in
                        let first = branch.only.firstIndex { $0.contains(left) }
                        let second = branch.only.firstIndex { $0.contains(right) }
                        guard let first, let second, first != second else { return false }
                        return shape.topology.loopsAround[branch.node].allSatisfy {
                            let members = shape.topology.loops[$0].members
                            return members.contains(left) && members.contains(right)
                        }
                    }
                    try #require(exclusivity.excludes(left, right) == isExcluded, "seed \(seed), \(left) and \(right)")
                    if isExcluded { count += 1 }
                }
            }
        }
        #expect(count > 500)
    }
}
