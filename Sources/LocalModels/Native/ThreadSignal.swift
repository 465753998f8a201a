// Ownership: the class owns the semaphore's memory, which has a stable address from `init` to `deinit`. The engine's
// thread keeps a reference while it waits.
internal import Glibc
internal import Synchronization

/// Wakes one waiting thread. Several signals before it wakes are one.
@safe final class ThreadSignal: Sendable {
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>
    private let isRaised = Atomic(false)

    init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe semaphore.initialize(to: sem_t())
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func raise() {
        if !isRaised.exchange(true, ordering: .acquiringAndReleasing) { unsafe sem_post(semaphore) }
    }

    /// Blocks the thread until the next signal, or returns at once if there was one.
    func wait() {
        while unsafe sem_wait(semaphore) != 0 {}
        isRaised.store(false, ordering: .releasing)
    }
}

enum ThreadPriority {
    /// Lets everything else of the machine go before the calling thread, and before threads that it starts.
    static func lower() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }

    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
