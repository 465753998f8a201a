internal import Synchronization

/// Whether the server is stopping; set once.
final class DrainState: Sendable {
    private struct Watchers {
        var next = 0
        var tell: [Int: @Sendable () -> Void] = [:]
    }

    private let flag = Atomic<Bool>(false)
    private let watchers = Mutex(Watchers())

    var isDraining: Bool { flag.load(ordering: .relaxed) }

    func begin() {
        flag.store(true, ordering: .relaxed)
        // Whoever is entered after this sees the flag.
        for tell in watchers.withLock({ Array($0.tell.values) }) { tell() }
    }

    /// Tells when the server begins to stop, or that it does: work that has no end of its own ends then. Perhaps twice.
    /// - Returns: what ``forget(_:)`` takes.
    func watch(_ tell: @escaping @Sendable () -> Void) -> Int {
        let watcher = watchers.withLock { watchers in
            watchers.next += 1
            watchers.tell[watchers.next] = tell
            return watchers.next
        }
        if isDraining { tell() }
        return watcher
    }

    func forget(_ watcher: Int) { watchers.withLock { _ = $0.tell.removeValue(forKey: watcher) } }
}
