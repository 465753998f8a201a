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

    func intersects(_ other: NodeSet) -> Bool { (0..<width).contains { self[word: $0] & other[word: $0] != 0 } }

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

    mutating func remove(_ row: Int, _ node: Int) { words[row * width + node >> 6] &= ~(1 << UInt64(node & 63)) }

    /// Adds everything that another row holds to `row`; whether that was anything new.
    mutating func formUnion(_ row: Int, with other: Int) -> Bool {
        var added: UInt64 = 0
        for index in 0..<width {
            let old = words[row * width + index]
            let new = old | words[other * width + index]
            added |= old ^ new
            words[row * width + index] = new
        }
        return added != 0
    }

    mutating func formUnion(_ row: Int, with source: Int, of other: NodeMatrix) -> Bool {
        var added: UInt64 = 0
        for index in 0..<width {
            let old = words[row * width + index]
            let new = old | other.words[source * width + index]
            added |= old ^ new
            words[row * width + index] = new
        }
        return added != 0
    }

    mutating func removeAll(of row: Int) {
        for index in 0..<width { words[row * width + index] = 0 }
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

    /// The relation read backwards, 64 by 64 at a time: relations of long chains are half full.
    var transposed: NodeMatrix {
        var result = NodeMatrix(count: count)
        var block = Array(repeating: UInt64(0), count: 64)
        for rows in 0..<width {
            let height = min(64, count - rows << 6)
            for columns in 0..<width {
                for row in 0..<64 { block[row] = row < height ? words[(rows << 6 | row) * width + columns] : 0 }
                NodeMatrix.transpose(&block)
                for row in 0..<min(64, count - columns << 6) {
                    result.words[(columns << 6 | row) * width + rows] = block[row]
                }
            }
        }
        return result
    }

    /// Swaps ever smaller quarters of a square of bits across its diagonal.
    private static func transpose(_ block: inout [UInt64]) {
        var size = 32
        var mask: UInt64 = 0x0000_0000_ffff_ffff
        while size > 0 {
            for row in 0..<64 where row & size == 0 {
                let swapped = (block[row] >> UInt64(size) ^ block[row | size]) & mask
                block[row] ^= swapped << UInt64(size)
                block[row | size] ^= swapped
            }
            size >>= 1
            mask ^= mask << UInt64(size)
        }
    }
}
