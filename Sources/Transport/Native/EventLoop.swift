// Ownership: the loop allocates one uv_loop_t and its handles (wake, timer, prepare, idle) at stable addresses,
// when it is made; the loop's thread initialises, uses and closes them and frees them after the last close
// callback, when `run` ends. `data` of each handle is the unretained loop: the thread's closure retains the loop
// until `run` has ended. The thread-local pointer to the loop is unretained too, and cleared in `end`. Everything
// under "loop thread only" is touched on that thread alone; `inbox` and `wake` (uv_async_send) are the only ways in
// from elsewhere. That is what makes the unchecked Sendable true.
public import Base
internal import CShims
internal import CUV
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A libuv loop on a thread of its own, as an executor: tasks that prefer it and actors bound to it run on that
/// thread, so that they reach sockets, timers and each other without a lock or a hop.
@safe
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    @safe private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
        /// A task that lets others go first.
        case turn(UnsafeContinuation<Void, Never>)
    }

    private struct Inbox {
        var work: [Work] = []
        var stopping = false
        /// No handle may be touched any more; `uv_async_send` on a closed handle would be a use after free.
        var closed = false
        var ended = false
        var endWaiters: [CheckedContinuation<Void, Never>] = []
    }

    enum Alarm {
        case closure(@Sendable () -> Void)
        case sleeper(Sleeper)
        case task(LoopTask)

        func ring() {
            switch self {
            case .closure(let closure): closure()
            case .sleeper(let sleeper): sleeper.fire()
            case .task(let task): task.begin()
            }
        }
    }

    /// A timer that has been scheduled; cancel it on the loop.
    public struct TimerID: Hashable, Sendable {
        var id: TimerQueue<Alarm>.ID
    }

    public let index: Int
    private let clock = SystemClock()
    private let inbox = Mutex(Inbox())
    private let wake: UnsafeMutablePointer<uv_async_t>
    /// Threads that are about to wake the loop; its handles are closed when there are none.
    private let wakers = Atomic<Int>(0)
    private let thread = Atomic<UInt>(0)

    // Loop thread only.
    let uv: UnsafeMutablePointer<uv_loop_t>
    private let timerHandle: UnsafeMutablePointer<uv_timer_t>
    private let prepare: UnsafeMutablePointer<uv_prepare_t>
    private let idle: UnsafeMutablePointer<uv_idle_t>
    private var local: [Work] = []
    private var running: [Work] = []
    /// How many of `local` and `running` have not had their turn. Atomic, because an access to it is then not checked
    /// for exclusivity, and every request looks at it a dozen times.
    private let ready = Atomic<Int>(0)
    private var timers = TimerQueue<Alarm>()
    private var armedFor: Instant?
    /// What every read of this loop lands in before it is copied out.
    let readBuffer: UnsafeMutableBufferPointer<CChar>
    /// What the TLS sessions of this loop share, from the first one on.
    lazy var tlsBuffers = TLSBuffers()

    /// Starts the loop's thread. `index` names it.
    public init(index: Int = 0) {
        self.index = index
        unsafe uv = .allocate(capacity: 1)
        unsafe wake = .allocate(capacity: 1)
        unsafe timerHandle = .allocate(capacity: 1)
        unsafe prepare = .allocate(capacity: 1)
        unsafe idle = .allocate(capacity: 1)
        unsafe readBuffer = .allocate(capacity: 64 * 1024)
        let ready = DispatchSemaphore(value: 0)
        Thread.start(name: "tutti-loop-\(index)") { [self] in
            start()
            ready.signal()
            run()
            end()
        }
        ready.wait()
    }

    /// Whether the caller runs on this loop's thread. About 2 ns.
    public var isCurrent: Bool { thread.load(ordering: .relaxed) == tutti_thread_identity() }

    /// The loop whose thread the caller runs on.
    public static var current: EventLoop? {
        guard let loop = unsafe tutti_thread_loop() else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue()
    }

    /// Monotonic time.
    public func now() -> Instant { clock.now() }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }

    public func checkIsolated() { precondition(isCurrent, "this code belongs on event loop \(index)") }

    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Runs `work` on the loop, after what is queued already.
    public func execute(_ work: @escaping @Sendable () -> Void) { add(.closure(work)) }

    // MARK: Turns (loop thread only)

    /// How many others must be ready before it pays to let them go first.
    private static let crowd = 3

    /// Whether so many are ready that ``giveWay()`` pays. What comes from sockets counts once the loop has read it.
    public var isCrowded: Bool { ready.load(ordering: .relaxed) >= EventLoop.crowd }

    /// Goes on after all that is queued now.
    public func giveWay() async {
        unsafe await withUnsafeContinuation { turn in unsafe add(.turn(turn)) }
    }

    private func append(_ work: Work) {
        note(1)
        local.append(work)
    }

    /// On this thread alone, so that a plain addition will do.
    private func note(_ more: Int) { ready.store(ready.load(ordering: .relaxed) &+ more, ordering: .relaxed) }

    private func add(_ work: Work) {
        if isCurrent { return append(work) }
        let mustWake = inbox.withLock { inbox in
            let wasEmpty = inbox.work.isEmpty
            inbox.work.append(work)
            return wasEmpty && beginWaking(inbox)
        }
        if mustWake { wakeUp() }
    }

    /// Whether the loop may be woken; if so, its handle stays open until ``wakeUp()`` has run. Within the lock.
    private func beginWaking(_ inbox: borrowing Inbox) -> Bool {
        guard !inbox.closed else { return false }
        wakers.wrappingAdd(1, ordering: .relaxed)
        return true
    }

    /// Outside the lock: a system call within it would queue up every thread that has work for the loop.
    private func wakeUp() {
        _ = unsafe uv_async_send(wake)
        wakers.wrappingSubtract(1, ordering: .releasing)
    }

    // MARK: Timers (loop thread only)

    /// Calls `fire` on the loop once `time` has come; never earlier, up to a millisecond later.
    public func schedule(at time: Instant, _ fire: @escaping @Sendable () -> Void) -> TimerID {
        schedule(.closure(fire), at: time)
    }

    func schedule(at time: Instant, _ sleeper: Sleeper) -> TimerID { schedule(.sleeper(sleeper), at: time) }

    func schedule(at time: Instant, _ task: LoopTask) -> TimerID { schedule(.task(task), at: time) }

    private func schedule(_ alarm: Alarm, at time: Instant) -> TimerID {
        checkIsolated()
        let id = timers.insert(alarm, at: time)
        arm()
        return TimerID(id: id)
    }

    public func cancel(_ timer: TimerID) {
        checkIsolated()
        timers.cancel(timer.id)
    }

    /// The timers that have neither fired nor been cancelled.
    var timerCount: Int { timers.count }

    private func arm() {
        guard let next = timers.nextTime() else { return }
        if let armedFor, armedFor <= next { return }
        armedFor = next
        let wait = max(0, next.since(clock.now()).saturatingNanoseconds)
        unsafe uv_update_time(uv)
        unsafe uv_timer_start(
            timerHandle,
            { handle in unsafe EventLoop.from(handle!.pointee.data).fireTimers() },
            (UInt64(wait) + 999_999) / 1_000_000,
            0
        )
    }

    private func fireTimers() {
        armedFor = nil
        let now = clock.now()
        // As many as there are now: one that schedules itself into the past must not hold up the sockets.
        for _ in 0..<timers.count {
            guard let alarm = timers.popExpired(at: now) else { break }
            alarm.ring()
        }
        arm()
        drain()
    }

    // MARK: Life

    private func start() {
        thread.store(tutti_thread_identity(), ordering: .relaxed)
        unsafe tutti_set_thread_loop(Unmanaged.passUnretained(self).toOpaque())
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        // A peer that is gone must be an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let code = unsafe uv_loop_init(uv)
        precondition(code == 0, "the system refuses an event loop: \(uvMessage(code))")
        unsafe uv_async_init(uv, wake) { handle in unsafe EventLoop.from(handle!.pointee.data).drain() }
        unsafe uv_timer_init(uv, timerHandle)
        unsafe uv_prepare_init(uv, prepare)
        unsafe uv_idle_init(uv, idle)
        unsafe idle.pointee.data = this
        unsafe wake.pointee.data = this
        unsafe timerHandle.pointee.data = this
        unsafe prepare.pointee.data = this
        unsafe uv_prepare_start(prepare) { handle in unsafe EventLoop.from(handle!.pointee.data).drain() }
    }

    private static func from(_ data: UnsafeMutableRawPointer?) -> EventLoop {
        unsafe Unmanaged<EventLoop>.fromOpaque(data!).takeUnretainedValue()
    }

    /// Runs what is queued now. What that work queues runs in the next turn, after sockets have had theirs; the
    /// idle handle keeps the loop from sleeping meanwhile.
    func drain() {
        for turn in 0..<8 {
            takeInbox()
            if local.isEmpty {
                if turn == 0 { unsafe uv_idle_stop(idle) }
                return
            }
            swap(&local, &running)
            for work in running {
                note(-1)
                switch work {
                case .job(let job):
                    unsafe job.runSynchronously(
                        isolatedTo: asUnownedSerialExecutor(),
                        taskExecutor: asUnownedTaskExecutor()
                    )
                case .closure(let closure): closure()
                case .turn(let turn): unsafe turn.resume()
                }
            }
            running.removeAll(keepingCapacity: true)
        }
        if !local.isEmpty { unsafe uv_idle_start(idle) { _ in } }
    }

    private func takeInbox() {
        inbox.withLock { inbox in
            guard !inbox.work.isEmpty else { return }
            note(inbox.work.count)
            if local.isEmpty {
                swap(&local, &inbox.work)
            } else {
                local += inbox.work
                inbox.work.removeAll(keepingCapacity: true)
            }
        }
    }

    private func run() {
        while !inbox.withLock(\.stopping) { unsafe uv_run(uv, UV_RUN_ONCE) }
        // Close every handle that is still open (sockets of others included), then let the callbacks run.
        inbox.withLock { $0.closed = true }
        while wakers.load(ordering: .acquiring) > 0 { sched_yield() }
        unsafe uv_walk(
            uv,
            { handle, loop in
                guard unsafe uv_is_closing(handle) == 0 else { return }
                let own = unsafe uv_handle_get_data(handle) == loop
                unsafe uv_close(handle, own ? nil : LoopHandle.closed)
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
        for _ in 0..<64 where unsafe uv_run(uv, UV_RUN_NOWAIT) != 0 { drain() }
        drain()
        endSleeps()
        let code = unsafe uv_loop_close(uv)
        // A handle that would not close keeps its memory: a small leak at exit rather than a use after free.
        guard code == 0 else { return }
        unsafe wake.deallocate()
        unsafe timerHandle.deallocate()
        unsafe prepare.deallocate()
        unsafe idle.deallocate()
        unsafe readBuffer.deallocate()
        unsafe uv.deallocate()
    }

    /// Who sleeps on this loop goes on, elsewhere if it can.
    private func endSleeps() {
        while let alarm = timers.popExpired(at: Instant(nanoseconds: .max)) {
            if case .sleeper(let sleeper) = alarm { sleeper.fire() }
        }
        // Who gives way between its stages needs many rounds to come to its end.
        drain()
        for _ in 0..<64 where !local.isEmpty { drain() }
    }

    /// Ends the loop: work that is queued runs once more, open sockets are closed. Returns at once.
    public func stop() {
        let mustWake = inbox.withLock { inbox in
            inbox.stopping = true
            return beginWaking(inbox)
        }
        if mustWake { wakeUp() }
    }

    /// Waits until the loop's thread is done with everything; not on the loop itself, where it would wait for ever.
    public func ended() async {
        await withCheckedContinuation { continuation in
            let over = inbox.withLock { inbox in
                if !inbox.ended { inbox.endWaiters.append(continuation) }
                return inbox.ended
            }
            if over { continuation.resume() }
        }
    }

    private func end() {
        // The thread's identity may be given to another one.
        thread.store(0, ordering: .relaxed)
        tutti_set_thread_loop(nil)
        let waiters = inbox.withLock { inbox in
            inbox.ended = true
            defer { inbox.endWaiters = [] }
            return inbox.endWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
