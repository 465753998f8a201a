/// A set of node numbers as bits. Membership is O(1); the other operations are O(nodes / 64). The first 64 nodes need
/// no allocation, which is all that most graphs have.
struct NodeSet: Equatable, Sendable {
    private var first: UInt64 = 0
    private var rest: [UInt64]

    init(count: Int) { rest = count > 64 ? Array(repeating: 0, count: (count - 1) >> 6) : [] }

    /// How many words the set has, at least one.
    var width: Int { rest.count + 1 }

    subscript(word index: Int) -> UInt64 {
        get { index == 0 ? first : rest[index - 1] }
        set { if index == 0 { first = newValue } else { rest[index - 1] = newValue } }
    }

    mutating func insert(_ node: Int) { self[word: node >> 6] |= 1 << UInt64(node & 63) }
    mutating func remove(_ node: Int) { self[word: node >> 6] &= ~(1 << UInt64(node & 63)) }
    func contains(_ node: Int) -> Bool { self[word: node >> 6] & (1 << UInt64(node & 63)) != 0 }
    var isEmpty: Bool { first == 0 && rest.allSatisfy { $0 == 0 } }

    mutating func formUnion(_ other: NodeSet) {
        for index in 0..<width { self[word: index] |= other[word: index] }
    }

    /// The members in ascending order.
    var members: [Int] {
        var result: [Int] = []
        for index in 0..<width { NodeSet.visit(self[word: index], at: index) { result.append($0) } }
        return result
    }

    /// Calls `body` with each node of one word of a set, ascending.
    static func visit(_ word: UInt64, at index: Int, _ body: (Int) -> Void) {
        var rest = word
        while rest != 0 {
            body(index << 6 | rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
    }
}

/// A relation between nodes: for each node a set of nodes, in one flat array.
struct NodeMatrix: Equatable, Sendable {
    let count: Int
    let width: Int
    private var words: [UInt64]

    init(count: Int) {
        self.count = count
        width = (count + 63) / 64
        words = Array(repeating: 0, count: count * width)
    }

    func contains(_ row: Int, _ node: Int) -> Bool {
        words[row * width + node >> 6] & (1 << UInt64(node & 63)) != 0
    }

    mutating func insert(_ row: Int, _ node: Int) { words[row * width + node >> 6] |= 1 << UInt64(node & 63) }

    /// Adds everything that `other`'s row holds to `row`.
    mutating func formUnion(_ row: Int, with other: Int) {
        for index in 0..<width { words[row * width + index] |= words[other * width + index] }
    }

    func word(_ row: Int, _ index: Int) -> UInt64 { words[row * width + index] }

    /// Whether the row shares a member with either set.
    func intersects(_ row: Int, _ first: NodeSet, or second: NodeSet) -> Bool {
        let base = row * width
        for index in 0..<width where words[base + index] & (first[word: index] | second[word: index]) != 0 {
            return true
        }
        return false
    }

    func intersects(_ row: Int, _ set: NodeSet) -> Bool {
        let base = row * width
        for index in 0..<width where words[base + index] & set[word: index] != 0 { return true }
        return false
    }

    /// The relation read backwards.
    var transposed: NodeMatrix {
        var result = NodeMatrix(count: count)
        for row in 0..<count {
            for index in 0..<width {
                NodeSet.visit(word(row, index), at: index) { result.insert($0, row) }
            }
        }
        return result
    }
}
