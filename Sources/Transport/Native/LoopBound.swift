// Owns nothing: the executor reference is unowned, and the actor's own `loop` keeps the loop alive.

/// An actor that lives on an event loop: its code runs on that loop's thread, and actors of one loop call each other
/// without a hop (about 30 ns).
public protocol LoopBound: Actor {
    nonisolated var loop: EventLoop { get }
}

extension LoopBound {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
}
