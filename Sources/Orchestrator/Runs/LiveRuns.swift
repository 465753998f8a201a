public import Base
internal import Synchronization

/// The runs that can be gone on with: by run id or request id within their scope, bounded in number and memory, kept for
/// a while after their end. Outlives every configuration. From any thread.
public final class LiveRuns: Sendable {
    private struct Key: Hashable {
        let tenant: String
        let user: String
        let id: String

        init(_ id: String, _ scope: Scope) {
            tenant = scope.tenant
            user = scope.user
            self.id = id
        }
    }

    /// A run that is over, and until when its log is kept.
    private struct Kept {
        let key: Key
        let run: LiveRun
        let end: Instant
    }

    private struct State {
        var runs: [Key: LiveRun] = [:]
        /// The last run of a request id.
        var byRequest: [Key: Key] = [:]
        /// In the order of their ends.
        var kept: [Kept] = []
        var sweeper: Task<Void, Never>?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let time: any TimeSource
    private let memory: RunMemory

    public init(time: any TimeSource) {
        self.time = time
        let relief = Relief()
        memory = RunMemory { relief.runs?.relieve() }
        relief.adopt(self)
    }

    /// Running and kept ones.
    public var count: Int { state.withLock(\.runs.count) }
    public var runningCount: Int { state.withLock { $0.runs.count - $0.kept.count } }
    /// What all logs take.
    public var bytes: Int { memory.bytes }

    /// Enters a new run, which begins with ``LiveRun/start(on:_:)``. The oldest that are over make way for it.
    /// - Throws: `overloaded` when as many are running as there may be, or their logs take too much; `shutting_down`.
    public func open(_ context: RunContext, settings: RunSettings) throws(CodedError) -> LiveRun {
        memory.limit(to: settings.memory)
        relieve()
        let key = Key(context.runID, context.scope)
        let run = LiveRun(context, settings: settings, time: time, memory: memory) { [weak self] in self?.ended(key) }
        let outcome: Result<[Kept], CodedError> = state.withLock { state in
            if state.isStopped { return .failure(CodedError(.shuttingDown, "The server is stopping.")) }
            let surplus = max(0, state.runs.count + 1 - settings.runs)
            guard surplus <= state.kept.count, !memory.isPressed else {
                return .failure(
                    CodedError(
                        .overloaded, "As many runs that can be resumed are running as there may be. Try again later.",
                        retryAfter: .seconds(1)))
            }
            let gone = Array(state.kept.prefix(surplus))
            LiveRuns.remove(gone, from: &state)
            state.runs[key] = run
            state.byRequest[Key(run.requestID, run.scope)] = key
            return .success(gone)
        }
        // Those that made way go here, not under the lock.
        _ = try outcome.get()
        return run
    }

    /// The run of this id, running or kept; another scope's run is not there. The id of its request, which the client may
    /// have chosen, finds it too.
    /// - Throws: `run_not_found`, which says the same of every id.
    public func run(_ id: String, of scope: Scope) throws(CodedError) -> LiveRun {
        sweep()
        let key = Key(id, scope)
        let run = state.withLock { state in state.runs[key] ?? state.byRequest[key].flatMap { state.runs[$0] } }
        guard let run else {
            throw CodedError(.runNotFound, "There is no run of this id, or its events are no longer kept.")
        }
        return run
    }

    /// Drops a run that nobody is to go on with.
    public func forget(_ run: LiveRun) {
        let key = Key(run.runID, run.scope)
        state.withLock { state in
            state.kept.removeAll { $0.key == key }
            LiveRuns.remove(key, run, from: &state)
        }
    }

    /// Cancels all that run, and takes no more.
    public func stop() {
        let (runs, sweeper) = state.withLock { state in
            state.isStopped = true
            return (Array(state.runs.values), state.sweeper)
        }
        sweeper?.cancel()
        for run in runs { run.cancel() }
    }

    // MARK: After the end

    private func ended(_ key: Key) {
        let now = time.now()
        state.withLock { state in
            guard let run = state.runs[key] else { return }
            state.kept.append(Kept(key: key, run: run, end: now.advanced(by: run.keep)))
        }
        if memory.isPressed { relieve() }
        sweepLater()
    }

    /// Drops those whose time is over.
    private func sweep() {
        let now = time.now()
        let gone = state.withLock { state -> [Kept] in
            guard state.kept.contains(where: { $0.end <= now }) else { return [] }
            let gone = state.kept.filter { $0.end <= now }
            LiveRuns.remove(gone, from: &state)
            return gone
        }
        _ = gone
    }

    /// One task sleeps until the next one's time is over, as long as any are kept.
    private func sweepLater() {
        state.withLock { state in
            guard state.sweeper == nil, !state.isStopped, !state.kept.isEmpty else { return }
            state.sweeper = Task.detached(name: "kept runs") { [weak self, time] in
                while let next = self?.nextSweep() {
                    do { try await time.sleep(until: next) } catch { return }
                    self?.sweep()
                }
            }
        }
    }

    private func nextSweep() -> Instant? {
        state.withLock { state in
            let next = state.kept.map(\.end).min()
            if next == nil { state.sweeper = nil }
            return next
        }
    }

    /// Drops the oldest that are over, until what is left is not too much.
    private func relieve() {
        let gone = state.withLock { state -> [Kept] in
            var excess = memory.excess
            guard excess > 0 else { return [] }
            var count = 0
            while excess > 0, count < state.kept.count {
                excess -= state.kept[count].run.bytes
                count += 1
            }
            let gone = Array(state.kept.prefix(count))
            LiveRuns.remove(gone, from: &state)
            return gone
        }
        _ = gone
    }

    private static func remove(_ gone: [Kept], from state: inout State) {
        guard !gone.isEmpty else { return }
        let keys = Set(gone.map(\.key))
        state.kept.removeAll { keys.contains($0.key) }
        for one in gone { remove(one.key, one.run, from: &state) }
    }

    private static func remove(_ key: Key, _ run: LiveRun, from state: inout State) {
        state.runs[key] = nil
        let request = Key(run.requestID, run.scope)
        if state.byRequest[request] == key { state.byRequest[request] = nil }
    }
}

/// Leads from the memory back to the runs, which hold it.
private final class Relief: Sendable {
    private struct Reference { weak var runs: LiveRuns? }
    private let reference = Mutex(Reference())
    var runs: LiveRuns? { reference.withLock { $0.runs } }
    func adopt(_ runs: LiveRuns) { reference.withLock { $0.runs = runs } }
}
