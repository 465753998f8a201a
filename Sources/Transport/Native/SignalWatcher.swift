// Ownership: the uv_signal_t belongs to LoopHandle. Loop thread only, which makes the unchecked Sendable true.
internal import CUV

/// Calls back on the loop whenever the process gets a signal.
public final class SignalWatcher: LoopHandle, @unchecked Sendable {
    private let loop: EventLoop
    private let received: () -> Void

    public init(loop: EventLoop, signal: Int32, received: @escaping () -> Void) {
        loop.checkIsolated()
        self.loop = loop
        self.received = received
        super.init()
        let code = unsafe open(UV_SIGNAL) {
            unsafe uv_signal_init(loop.uv, $0.assumingMemoryBound(to: uv_signal_t.self))
        }
        guard code == 0, let raw = unsafe raw else { return }
        unsafe uv_signal_start(
            raw.assumingMemoryBound(to: uv_signal_t.self),
            { handle, _ in unsafe unsafeDowncast(LoopHandle.owner(of: handle), to: SignalWatcher.self).received() },
            signal
        )
    }

    /// Ends the watch; the signal then does what it does by default.
    public func close() {
        loop.checkIsolated()
        closeHandle()
    }
}
