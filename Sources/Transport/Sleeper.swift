internal import Base
internal import Synchronization

extension EventLoop {
    /// Suspends for `duration`; throws as soon as the task is cancelled. For drivers; machines take *now*.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        try await sleep(until: now().advanced(by: duration))
    }

    func sleep(until instant: Instant) async throws(CancellationError) {
        let sleeper = Sleeper(loop: self, deadline: instant)
        await withTaskCancellationHandler {
            await withCheckedContinuation { sleeper.begin($0) }
        } onCancel: {
            sleeper.cancel()
        }
        if Task.isCancelled { throw CancellationError() }
    }
}

/// One sleep: ends by its timer, by cancellation or with its loop, whichever is first.
final class Sleeper: Sendable {
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
        if loop.isCurrent { arm() } else { loop.execute { self.arm() } }
    }

    private func arm() {
        let timer = loop.schedule(at: deadline, self)
        let late = state.withLock { state in
            guard case .waiting(let continuation, _) = state else { return true }
            state = .waiting(continuation, timer)
            return false
        }
        if late { loop.cancel(timer) }
    }

    func cancel() {
        guard let timer = fire() else { return }
        if loop.isCurrent { loop.cancel(timer) } else { loop.execute { [loop] in loop.cancel(timer) } }
    }

    @discardableResult
    func fire() -> EventLoop.TimerID? {
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
