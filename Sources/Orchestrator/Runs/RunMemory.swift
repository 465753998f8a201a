internal import Base
internal import Synchronization

/// What the logs of all live runs take, and the runs that wait until that is less.
final class RunMemory: Sendable {
    private let used = Atomic<Int>(0)
    private let limit = Atomic<Int>(.max)
    private let isAwaited = Atomic<Bool>(false)
    private let waiting = Mutex<[Key: LiveRun]>([:])
    /// One of the waits of a run.
    private struct Key: Hashable {
        let run: ObjectIdentifier
        let ticket: UInt64

        init(_ run: LiveRun, _ ticket: UInt64) {
            self.run = ObjectIdentifier(run)
            self.ticket = ticket
        }
    }

    /// Called when the limit is passed.
    private let relieve: @Sendable () -> Void

    init(relieve: @escaping @Sendable () -> Void) { self.relieve = relieve }

    var bytes: Int { used.load(ordering: .sequentiallyConsistent) }
    /// How much is too much.
    var excess: Int { bytes - limit.load(ordering: .relaxed) }
    var isPressed: Bool { excess > 0 }

    func limit(to bytes: Int) {
        limit.store(bytes, ordering: .relaxed)
        if !isPressed { wake() }
    }

    func add(_ growth: Int) {
        let (before, now) = used.wrappingAdd(growth, ordering: .sequentiallyConsistent)
        let limit = limit.load(ordering: .relaxed)
        if growth > 0, now > limit { relieve() }
        if growth < 0, before > limit, now <= limit { wake() }
    }

    /// Enters a run that is told when there is memory again. It asks for room again afterwards.
    func wait(_ run: LiveRun, _ ticket: UInt64) {
        waiting.withLock { $0[Key(run, ticket)] = run }
        // Not behind the look at ``bytes`` that follows.
        isAwaited.store(true, ordering: .sequentiallyConsistent)
    }

    func waitNoMore(_ run: LiveRun, _ ticket: UInt64) {
        _ = waiting.withLock { $0.removeValue(forKey: Key(run, ticket)) }
    }

    private func wake() {
        guard isAwaited.exchange(false, ordering: .sequentiallyConsistent) else { return }
        let runs = waiting.withLock { waiting in
            defer { waiting = [:] }
            return Array(waiting.values)
        }
        for run in runs { run.wakeWriters() }
    }
}
