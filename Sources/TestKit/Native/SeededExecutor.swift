// Ownership: jobs are the concurrency runtime's; each is run exactly once, on the thread that calls `run`. The queue is
// behind a mutex, which makes the unchecked Sendable true.
internal import Base
internal import Synchronization

/// Runs tasks one job at a time on the calling thread, and draws which one comes next: every order in which concurrent
/// code may happen is one seed away, and the same seed gives the same order.
public final class SeededExecutor: TaskExecutor, @unchecked Sendable {
    /// Nothing is left to run, and what was asked for has not ended: everybody waits for somebody.
    public struct Stuck: Error {}

    private let jobs = Mutex<[UnownedJob]>([])
    private let generator: Mutex<SeededGenerator>

    public init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs `body` in a task that prefers this executor, to its end. Blocks the calling thread.
    /// - Parameter idle: Called when everybody waits; whether there may be something to do now. With
    ///   ``TestClock/advanceToNext()`` time passes only while nobody has anything to do.
    public func run<Value: Sendable>(
        idle: () -> Bool = { false }, _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let outcome = Outcome<Value>()
        Task(executorPreference: self) {
            do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        }
        while true {
            if let result = outcome.result.withLock({ $0 }) { return try result.get() }
            guard let job = next() else {
                guard idle() else { throw Stuck() }
                continue
            }
            unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private func next() -> UnownedJob? {
        jobs.withLock { jobs in
            guard !jobs.isEmpty else { return nil }
            let index = generator.withLock { Int($0.next() % UInt64(jobs.count)) }
            return jobs.remove(at: index)
        }
    }

    private final class Outcome<Value: Sendable>: Sendable {
        let result = Mutex<Result<Value, any Error>?>(nil)
        func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }
    }
}
