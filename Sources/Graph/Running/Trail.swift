internal import Synchronization

/// What one activation's policies have to know of one another.
final class Trail: Sendable {
    private let isDegraded = Atomic(false)

    /// What comes now is the fallback's.
    func fellBack() { isDegraded.store(true, ordering: .relaxed) }
    var hasFallenBack: Bool { isDegraded.load(ordering: .relaxed) }
}
