/// Some of the targets of a pool, by their places in it, 0 to 63. A plain word: no allocation.
public struct TargetSet: Hashable, Sendable {
    /// A pool has no more targets than this.
    public static let limit = 64

    private var bits: UInt64

    public init() { bits = 0 }

    /// The first `count` places.
    public init(first count: Int) {
        bits = count >= Self.limit ? .max : (1 << UInt64(count.clamped(to: 0...Self.limit))) - 1
    }

    public var isEmpty: Bool { bits == 0 }
    public var count: Int { bits.nonzeroBitCount }
    /// The lowest place.
    public var first: Int? { bits == 0 ? nil : bits.trailingZeroBitCount }

    public func contains(_ place: Int) -> Bool { bits & Self.bit(place) != 0 }
    /// Places that cannot be are not taken in.
    public mutating func insert(_ place: Int) { bits |= Self.bit(place) }
    public mutating func remove(_ place: Int) { bits &= ~Self.bit(place) }

    public func intersection(_ other: TargetSet) -> TargetSet {
        var set = self
        set.bits &= other.bits
        return set
    }

    public func subtracting(_ other: TargetSet) -> TargetSet {
        var set = self
        set.bits &= ~other.bits
        return set
    }

    private static func bit(_ place: Int) -> UInt64 { (0..<limit).contains(place) ? 1 << UInt64(place) : 0 }

    mutating func popFirst() -> Int? {
        guard let first else { return nil }
        bits &= bits &- 1
        return first
    }

    /// The place with `index` others of the set below it; the last one for more.
    func place(at index: Int) -> Int? {
        var rest = self
        var place = rest.popFirst()
        var index = index
        while index > 0, let next = rest.popFirst() {
            place = next
            index -= 1
        }
        return place
    }
}

extension TargetSet: Sequence, IteratorProtocol, ExpressibleByArrayLiteral {
    /// The lowest place first.
    public mutating func next() -> Int? { popFirst() }

    public init(arrayLiteral places: Int...) {
        self.init()
        for place in places { insert(place) }
    }
}
