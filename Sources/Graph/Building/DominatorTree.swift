/// Which nodes lie on every path to which others. Built by going along the edges until nothing changes, two rounds where
/// every cycle has one entry (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm"): O(edges × depth) each.
struct DominatorTree {
    /// Stands for the graph's entry, from which the starts are reached.
    let root: Int
    /// By node the last one on every path to it, or the root; the root's and unreached nodes' own number.
    let parent: [Int]
    /// By node how many lie above it.
    let depth: [Int]

    /// `order` names the reachable nodes, each after one from which an edge leads to it; what else the order is makes no
    /// difference but to the time that it takes.
    init(predecessors: [[Int]], order: [Int], starts: [Int]) {
        let root = predecessors.count
        var parent = Array(0...root)
        var rank = Array(repeating: Int.max, count: root + 1)
        rank[root] = -1
        for (place, node) in order.enumerated() { rank[node] = place }
        var isKnown = Array(repeating: false, count: root + 1)
        isKnown[root] = true
        var isStart = Array(repeating: false, count: root)
        for start in starts { isStart[start] = true }
        var isStable = false
        while !isStable {
            isStable = true
            for node in order {
                var common = isStart[node] ? root : nil
                for var source in predecessors[node] where isKnown[source] {
                    guard var other = common else {
                        common = source
                        continue
                    }
                    while source != other {
                        if rank[source] > rank[other] { source = parent[source] } else { other = parent[other] }
                    }
                    common = source
                }
                guard let common, !isKnown[node] || parent[node] != common else { continue }
                (parent[node], isKnown[node], isStable) = (common, true, false)
            }
        }
        var depth = Array(repeating: 0, count: root + 1)
        for node in order { depth[node] = depth[parent[node]] + 1 }
        self.root = root
        self.parent = parent
        self.depth = depth
    }

    /// Whether `upper` lies on every path to `lower`, as each node does to itself. O(depth).
    func dominates(_ upper: Int, _ lower: Int) -> Bool {
        var node = lower
        while depth[node] > depth[upper] { node = parent[node] }
        return node == upper
    }

    /// The last node on every path to either of two reachable nodes, and the ways on which each is left from there;
    /// `nil` where one of them is that node itself. O(depth).
    func fork(_ left: Int, _ right: Int) -> (above: Int, left: Int, right: Int)? {
        var (left, right) = (left, right)
        if depth[left] == 0 || depth[right] == 0 || left == right { return nil }
        while depth[left] > depth[right] {
            if parent[left] == right { return nil }
            left = parent[left]
        }
        while depth[right] > depth[left] {
            if parent[right] == left { return nil }
            right = parent[right]
        }
        while parent[left] != parent[right] { (left, right) = (parent[left], parent[right]) }
        return (parent[left], left, right)
    }
}
