internal import Synchronization

/// The memory that the bodies of all requests may take together, from their first byte to the end of their requests.
final class BodyBudget: Sendable {
    private let limit: Int
    private let taken = Atomic<Int>(0)

    /// No limit where `limit` is 0.
    init(limit: Int) { self.limit = limit }

    /// Whether there is room for `count` bytes more; they are taken then. About 5 ns.
    func take(_ count: Int) -> Bool {
        guard limit > 0 else { return true }
        // Each adder looks at what the others had before, so that no two share the last room.
        if taken.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        taken.wrappingSubtract(count, ordering: .relaxed)
        return false
    }

    func giveBack(_ count: Int) {
        guard limit > 0 else { return }
        taken.wrappingSubtract(count, ordering: .relaxed)
    }

    /// Bytes taken now.
    var used: Int { taken.load(ordering: .relaxed) }
}
