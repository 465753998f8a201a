/// The shape of a graph as the machine runs it: nodes are numbers in declaration order, everything is a flat array.
///
/// The rule of the dataflow: a node starts when it holds a token and nothing that is still active can reach it
/// any more. Which nodes can is known when the graph is built; `blockers` holds it.
@usableFromInline
final class Topology: Sendable {
    enum EdgeKind: UInt8, Sendable, Comparable {
        case always, choice, onError

        static func < (left: EdgeKind, right: EdgeKind) -> Bool { left.rawValue < right.rawValue }
    }

    struct Edge: Hashable, Sendable {
        let source: Int
        let target: Int
        let kind: EdgeKind
    }

    /// A loop: the node at which it is entered and all nodes from which it can start again.
    struct Loop: Sendable {
        let header: Int
        let members: NodeSet
        let size: Int

        init(header: Int, members: NodeSet) {
            self.header = header
            self.members = members
            size = members.members.count
        }
    }

    let count: Int
    /// By source; within a source always, choice, onError; then in declaration order.
    let edges: [Edge]
    /// The edges of node `n` are `firstEdge[n]..<firstEdge[n + 1]`.
    let firstEdge: [Int]
    let starts: [Int]
    let deferred: [Int]
    let isEnd: [Bool]
    let hasRoute: [Bool]
    let hasOnError: [Bool]
    /// For each edge whether it starts a loop again.
    let isBack: [Bool]
    let loops: [Loop]
    /// For each node the loops that it is a member of, outermost first.
    let loopsAround: [[Int]]
    /// For each node those that it waits for while they are active. Two nodes of which neither blocks the other may
    /// run at the same time.
    let blockers: NodeMatrix
    /// `blockers` read backwards, with each node in its own row: who may become ready when this one settles.
    let blocked: NodeMatrix
    /// Of `blockers`, the headers of loops around which the node does not lie: they block it even before they start
    /// their next round.
    let outerHeaders: NodeMatrix
    /// For each node all that have a path to it, and the same read backwards.
    let ancestors: NodeMatrix
    let descendants: NodeMatrix

    func edges(of node: Int) -> Range<Int> { firstEdge[node]..<firstEdge[node + 1] }

    /// Whether `earlier` comes first in every round in which both run.
    func precedes(_ earlier: Int, _ later: Int) -> Bool {
        blockers.contains(later, earlier)
            && !loopsAround[earlier].contains { loops[$0].header == later }
    }

    /// Those of `nodes` that may run at the same time as `node`, routes aside: neither waits for the other.
    func overlapping(_ node: Int, among nodes: NodeSet) -> [Int] {
        var result: [Int] = []
        for index in 0..<blockers.width {
            let unrelated = nodes[word: index] & ~blockers.word(node, index) & ~blocked.word(node, index)
            NodeSet.visit(unrelated, at: index) { result.append($0) }
        }
        return result
    }

    /// `edges` may come in any order; every number must be a node's. `backEdges` and `loops` come from `LoopFinder`.
    init(
        count: Int, edges unsorted: [Edge], starts: [Int], ends: [Int], deferred: [Int] = [],
        loops found: LoopFinder.Result
    ) {
        self.count = count
        edges = unsorted.enumerated().sorted {
            ($0.element.source, $0.element.kind, $0.offset) < ($1.element.source, $1.element.kind, $1.offset)
        }.map(\.element)
        var first = Array(repeating: 0, count: count + 1)
        for edge in edges { first[edge.source + 1] += 1 }
        for node in 0..<count { first[node + 1] += first[node] }
        firstEdge = first
        self.starts = starts.sorted()
        self.deferred = deferred.sorted()
        isEnd = Topology.flags(count, ends)
        hasRoute = Topology.flags(count, edges.lazy.filter { $0.kind == .choice }.map(\.source))
        hasOnError = Topology.flags(count, edges.lazy.filter { $0.kind == .onError }.map(\.source))
        let backEdges = found.backEdges
        isBack = edges.map { backEdges.contains([$0.source, $0.target]) }
        loops = found.loops
        let outermostFirst = found.loops.indices.sorted { found.loops[$0].size > found.loops[$1].size }
        let around = (0..<count).map { node in outermostFirst.filter { found.loops[$0].members.contains(node) } }
        loopsAround = around

        let reach = Reach(
            count: count, edges: edges, isBack: isBack, loops: found.loops, loopsAround: around, order: found.order)
        let descendants = reach.ancestors.transposed
        self.descendants = descendants
        var blockers = reach.blockers
        // All that comes after no deferred node holds them up; two deferred ones do not wait for each other.
        for other in 0..<count
        where !deferred.contains(other) && !deferred.contains(where: { descendants.contains($0, other) }) {
            for node in deferred { blockers.insert(node, other) }
        }
        self.blockers = blockers
        var blocked = blockers.transposed
        for node in 0..<count { blocked.insert(node, node) }
        self.blocked = blocked
        ancestors = reach.ancestors
        var outer = NodeMatrix(count: count)
        for loop in found.loops {
            for node in 0..<count where blockers.contains(node, loop.header) && !loop.members.contains(node) {
                outer.insert(node, loop.header)
            }
        }
        outerHeaders = outer
    }

    private static func flags(_ count: Int, _ nodes: some Sequence<Int>) -> [Bool] {
        var flags = Array(repeating: false, count: count)
        for node in nodes { flags[node] = true }
        return flags
    }
}
