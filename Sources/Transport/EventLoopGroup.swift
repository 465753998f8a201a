internal import Base
internal import Synchronization

/// The loops of a process, one a core. Connections are spread over them by the kernel.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]
    private let next = Atomic<Int>(0)

    public init(count: Int) { loops = (0..<max(1, count)).map { EventLoop(index: $0) } }

    /// The loop of the calling thread, else the next one in turn.
    public func any() -> EventLoop {
        if let current = loops.first(where: \.isCurrent) { return current }
        return loops[next.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
    }

    /// Asks the loops to end; returns at once.
    public func stop() {
        for loop in loops { loop.stop() }
    }

    /// Ends the loops and waits for their threads. Not from one of them.
    public func shutdown() async {
        stop()
        for loop in loops { await loop.ended() }
    }
}

extension EventLoop {
    /// Suspends for `duration`; throws as soon as the task is cancelled. For drivers; machines take *now*.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        let sleeper = Sleeper(loop: self, deadline: now().advanced(by: duration))
        await withTaskCancellationHandler {
            await withCheckedContinuation { sleeper.begin($0) }
        } onCancel: {
            sleeper.cancel()
        }
        if Task.isCancelled { throw CancellationError() }
    }
}

/// One sleep: fires by its timer or by cancellation, whichever is first.
private final class Sleeper: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Void, Never>, EventLoop.TimerID?)
        case done
    }

    private let loop: EventLoop
    private let deadline: Instant
    private let state = Mutex(State.new)

    init(loop: EventLoop, deadline: Instant) {
        self.loop = loop
        self.deadline = deadline
    }

    func begin(_ continuation: CheckedContinuation<Void, Never>) {
        let cancelled = state.withLock { state in
            if case .done = state { return true }
            state = .waiting(continuation, nil)
            return false
        }
        if cancelled { return continuation.resume() }
        loop.execute { [self] in
            let timer = loop.schedule(at: deadline) { self.fire() }
            let late = state.withLock { state in
                guard case .waiting(let continuation, _) = state else { return true }
                state = .waiting(continuation, timer)
                return false
            }
            if late { loop.cancel(timer) }
        }
    }

    func cancel() {
        if let timer = fire() { loop.execute { [loop] in loop.cancel(timer) } }
    }

    @discardableResult
    private func fire() -> EventLoop.TimerID? {
        let (continuation, timer) = state.withLock {
            state -> (CheckedContinuation<Void, Never>?, EventLoop.TimerID?) in
            defer { state = .done }
            guard case .waiting(let continuation, let timer) = state else { return (nil, nil) }
            return (continuation, timer)
        }
        continuation?.resume()
        return timer
    }
}
