public import Base
internal import Synchronization

/// A run that does not end with the connection of its client: a task of its own, the log of its events, and whoever
/// reads them. It is cancelled when nobody has read for ``RunSettings/grace``. From any thread.
public final class LiveRun: Sendable {
    public typealias Event = (name: String, data: [UInt8])

    public let runID: String
    public let requestID: String
    public let scope: Scope
    /// How long its log is kept after its end.
    let keep: Duration
    private let time: any TimeSource
    private let memory: RunMemory
    private let state: Mutex<State>

    private struct State {
        var machine: RunMachine
        var readers: [RunMachine.ReaderID: CheckedContinuation<Void, Never>] = [:]
        /// Who waits for room: a run's parallel steps speak at the same time.
        var writers: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var tickets: UInt64 = 0
        var task: Task<Void, Never>?
        var timer: Task<Void, Never>?
        var executor: (any TaskExecutor)?
        var isCancelled = false
        var onEnd: (@Sendable () -> Void)?
    }

    /// What is to be done once the lock is open again.
    private struct Aftermath {
        var waiters: [CheckedContinuation<Void, Never>] = []
        var cancelled: Task<Void, Never>?
        /// What the log has grown by.
        var growth = 0
    }

    /// - Parameter onEnd: Called once, after the last event.
    init(
        _ context: RunContext, settings: RunSettings, time: any TimeSource, memory: RunMemory,
        onEnd: @escaping @Sendable () -> Void
    ) {
        runID = context.runID
        requestID = context.requestID
        scope = context.scope
        keep = settings.keep
        self.time = time
        self.memory = memory
        let bounds = RunLog.Bounds(events: settings.ring, bytes: settings.ringBytes)
        state = Mutex(
            State(machine: RunMachine(bounds: bounds, grace: settings.grace, now: time.now()), onEnd: onEnd))
    }

    deinit { memory.add(-bytes) }

    // MARK: The turn's side

    /// Runs `turn` in a task of the run's own, which prefers `executor`. It logs with ``log(_:)`` and ``room()`` and
    /// ends the run with ``end(with:)``. Once.
    public func start(
        on executor: (any TaskExecutor)?, _ turn: @escaping @Sendable (LiveRun) async -> Void
    ) {
        state.withLock { $0.executor = executor }
        let task = Task.detached(name: "run", executorPreference: executor) {
            await turn(self)
            self.end(with: [])
        }
        let isLate = state.withLock { state in
            if !state.machine.isOver { state.task = task }
            return state.isCancelled
        }
        if isLate { task.cancel() }
        arm()
    }

    /// Whether there is room for what the run says next. One lock.
    public var hasRoom: Bool { change { $0.machine.hasRoom(underPressure: memory.isPressed, now: time.now()) } }

    /// Waits until there is room. Throws when the task is cancelled.
    public func room() async throws(CancellationError) {
        while !hasRoom {
            arm()
            let ticket = state.withLock { state in
                state.tickets += 1
                return state.tickets
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { park($0, ticket) }
            } onCancel: {
                wakeWriter(ticket)
            }
            memory.waitNoMore(self, ticket)
            if Task.isCancelled { throw CancellationError() }
        }
    }

    private func park(_ continuation: CheckedContinuation<Void, Never>, _ ticket: UInt64) {
        // Looked at again: room that was made before this has resumed nobody. Entered at the memory under the lock, and
        // looked at it only then: whoever makes room there either finds this one, and waits for the lock to wake it, or
        // has made it before.
        let goesOn = change { state in
            memory.wait(self, ticket)
            let isPressed = memory.isPressed
            if Task.isCancelled || state.machine.hasRoom(underPressure: isPressed, now: time.now()) { return true }
            state.writers[ticket] = continuation
            return false
        }
        if goesOn { continuation.resume() }
    }

    private func wakeWriter(_ ticket: UInt64) { state.withLock { $0.writers.removeValue(forKey: ticket) }?.resume() }

    /// Whoever waits for room looks again.
    func wakeWriters() {
        let writers = state.withLock { state in
            defer { state.writers = [:] }
            return state.writers.values
        }
        for writer in writers { writer.resume() }
    }

    /// Logs events, whether or not there is room: ask before. Their sequences count on. Nothing when the run is over.
    public func log(_ events: [Event]) { act { $0.append(events) } }

    /// Logs the last events, for which there is always room, and ends the run: nothing comes after them.
    public func end(with events: [Event]) {
        let (onEnd, timer) = state.withLock { state in
            defer { (state.onEnd, state.timer, state.task) = (nil, nil, nil) }
            return (state.onEnd, state.timer)
        }
        act { $0.end(with: events) }
        timer?.cancel()
        onEnd?()
    }

    // MARK: The clients' side

    /// Begins to read after the event with this sequence; `nil` is from the first event on. While a reader is attached,
    /// the run does not count as left alone.
    /// - Throws: `events_gone` when events after `sequence` are no longer there, with those that are; `invalid_value` for
    ///   a sequence that the run has not come to; `overloaded` when too many read it.
    public func attach(after sequence: Int?) throws(CodedError) -> RunReader {
        let outcome = act { machine -> (Result<RunMachine.ReaderID, CodedError>, RunMachine.Effects) in
            do throws(CodedError) {
                let (reader, effects) = try machine.attach(after: sequence, now: time.now())
                return (.success(reader), effects)
            } catch {
                return (.failure(error), RunMachine.Effects())
            }
        }
        return RunReader(self, try outcome.get())
    }

    /// Cancels the run, from wherever; nothing when it is over. Its last event will say so.
    public func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// Whether the last event is logged.
    public var isOver: Bool { state.withLock(\.machine.isOver) }

    /// The sequences of the events that are still there.
    public var kept: Range<Int> { state.withLock { $0.machine.log.first..<$0.machine.log.next } }

    /// What its log takes.
    var bytes: Int { state.withLock(\.machine.log.bytes) }

    func read(_ reader: RunMachine.ReaderID, limit: Int) -> RunMachine.Read {
        act { $0.read(reader, limit: limit, now: time.now()) }
    }

    /// Waits until there may be something for this reader.
    func wait(_ reader: RunMachine.ReaderID) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                // Looked at again: what came before this has resumed nobody.
                let goesOn = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    guard !Task.isCancelled, state.machine.isWaiting(reader) else { return continuation }
                    return state.readers.updateValue(continuation, forKey: reader)
                }
                goesOn?.resume()
            }
        } onCancel: {
            state.withLock { $0.readers.removeValue(forKey: reader) }?.resume()
        }
    }

    func detach(_ reader: RunMachine.ReaderID) {
        act { $0.detach(reader, now: time.now()) }
        arm()
    }

    // MARK: The driver

    /// Gives the machine an input and does what it says.
    private func act(_ input: (inout RunMachine) -> RunMachine.Effects) {
        act { machine in ((), input(&machine)) }
    }

    private func act<Value: Sendable>(_ input: (inout RunMachine) -> (Value, RunMachine.Effects)) -> Value {
        let (value, aftermath) = state.withLock { state in
            let before = state.machine.log.bytes
            let (value, effects) = input(&state.machine)
            var aftermath = LiveRun.aftermath(of: effects, &state)
            aftermath.growth = state.machine.log.bytes - before
            return (value, aftermath)
        }
        for waiter in aftermath.waiters { waiter.resume() }
        if aftermath.growth != 0 { memory.add(aftermath.growth) }
        aftermath.cancelled?.cancel()
        return value
    }

    private static func aftermath(of effects: RunMachine.Effects, _ state: inout State) -> Aftermath {
        var aftermath = Aftermath()
        for reader in effects.resumed {
            if let waiter = state.readers.removeValue(forKey: reader) { aftermath.waiters.append(waiter) }
        }
        if effects.resumesRun, !state.writers.isEmpty {
            aftermath.waiters += state.writers.values
            state.writers = [:]
        }
        if effects.cancelsRun {
            state.isCancelled = true
            aftermath.cancelled = state.task
        }
        return aftermath
    }

    /// The same for what only looks, and may let go of what was read.
    private func change(_ look: (inout State) -> Bool) -> Bool {
        let (value, growth) = state.withLock { state in
            let before = state.machine.log.bytes
            let value = look(&state)
            return (value, state.machine.log.bytes - before)
        }
        if growth != 0 { memory.add(growth) }
        return value
    }

    /// Sees to it that a timer runs while the machine has a deadline: one at a time, which looks again when it fires.
    private func arm() {
        state.withLock { state in
            guard state.timer == nil, !state.isCancelled, state.machine.deadline != nil else { return }
            state.timer = Task.detached(name: "run's grace", executorPreference: state.executor) { [weak self, time] in
                while let deadline = self?.nextDeadline() {
                    do { try await time.sleep(until: deadline) } catch { return }
                    self?.act { $0.tick(time.now()) }
                }
            }
        }
    }

    /// When the timer is to fire; `nil`, and there is none any more, when nothing is due.
    private func nextDeadline() -> Instant? {
        state.withLock { state in
            let deadline = state.isCancelled ? nil : state.machine.deadline
            if deadline == nil { state.timer = nil }
            return deadline
        }
    }
}
