// Owns nothing: it holds a clock.
public import Base

/// The machine's own clocks, whose waits are timers of the event loop that a task runs on: no other thread is woken for
/// them. From any thread; elsewhere it waits as ``SystemClock`` does. A wait ends up to a millisecond late.
public final class LoopClock: TimeSource {
    private let group: EventLoopGroup
    private let clock = SystemClock()

    public init(_ group: EventLoopGroup) { self.group = group }

    public func now() -> Instant { clock.now() }

    public func wallTime() -> WallTime { clock.wallTime() }

    /// About 1 µs on a loop of the group. A loop that stops ends the waits on it.
    public func sleep(until instant: Instant) async throws(CancellationError) {
        guard let loop = group.current else { return try await clock.sleep(until: instant) }
        if instant <= clock.now() {
            if Task.isCancelled { throw CancellationError() }
            return
        }
        try await loop.sleep(until: instant)
    }

    /// One timer of the loop, and no task before it fires; the work then prefers that loop.
    public func schedule(at instant: Instant, _ work: @escaping @Sendable () async -> Void) -> any ScheduledTask {
        guard let loop = group.current else { return clock.schedule(at: instant, work) }
        let task = LoopTask(loop: loop, work)
        task.schedule(at: instant)
        return task
    }

    public var isCrowded: Bool { EventLoop.current?.isCrowded ?? false }

    /// About 0.3 µs on a loop.
    public func giveWay() async { await EventLoop.current?.giveWay() }
}
