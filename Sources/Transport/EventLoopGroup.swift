internal import Base
internal import Synchronization

/// The loops of a process, one a core. Connections are spread over them by the kernel.
public final class EventLoopGroup: Sendable {
    public let loops: [EventLoop]
    private let next = Atomic<Int>(0)

    public init(count: Int) { loops = (0..<max(1, count)).map { EventLoop(index: $0) } }

    /// The loop of the calling thread, when it is one of these.
    var current: EventLoop? {
        guard let loop = EventLoop.current, loop.index < loops.count, loops[loop.index] === loop else { return nil }
        return loop
    }

    /// The loop of the calling thread, else the next one in turn.
    public func any() -> EventLoop {
        if let current { return current }
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
