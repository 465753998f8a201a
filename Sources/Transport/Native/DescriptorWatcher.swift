// Ownership: the uv_poll_t belongs to LoopHandle; the descriptor stays its owner's, who pauses the watch or calls
// `close` before the descriptor is closed. A paused watcher of a descriptor that is closed by now must not be closed:
// the number may be another handle's, whose registration libuv would take away; the loop closes it when it stops.
// Loop thread only, which makes the unchecked Sendable true.
internal import CUV

/// Watches a descriptor that a C library owns (libcurl's sockets, libpq's) on an event loop.
public final class DescriptorWatcher: LoopHandle, @unchecked Sendable {
    public struct Events: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let readable = Events(rawValue: 1)
        public static let writable = Events(rawValue: 2)
    }

    private let loop: EventLoop
    private var watched: Events = []
    /// Whether it watches for anything now.
    public var isWatching: Bool { !watched.isEmpty }
    private let ready: (Events, _ failed: Bool) -> Void

    /// `nil` when the loop cannot watch this descriptor. `ready` is called on the loop, once a readiness.
    public init?(loop: EventLoop, descriptor: Int32, ready: @escaping (Events, _ failed: Bool) -> Void) {
        loop.checkIsolated()
        self.loop = loop
        self.ready = ready
        super.init()
        let code = unsafe open(UV_POLL) {
            unsafe uv_poll_init(loop.uv, $0.assumingMemoryBound(to: uv_poll_t.self), descriptor)
        }
        if code != 0 { return nil }
    }

    /// Watches for `events` from now on; an empty set pauses.
    public func watch(_ events: Events) {
        loop.checkIsolated()
        guard isUsable, let raw = unsafe raw else { return }
        guard events != watched else { return }
        watched = events
        let poll = unsafe raw.assumingMemoryBound(to: uv_poll_t.self)
        guard isWatching else {
            unsafe uv_poll_stop(poll)
            return
        }
        unsafe uv_poll_start(poll, events.rawValue) { poll, status, events in
            let watcher = unsafe unsafeDowncast(LoopHandle.owner(of: poll), to: DescriptorWatcher.self)
            // libuv stops a watch that fails.
            if status < 0 { watcher.watched = [] }
            watcher.ready(Events(rawValue: events), status < 0)
        }
    }

    /// Ends the watch; the descriptor may be closed afterwards.
    public func close() {
        loop.checkIsolated()
        closeHandle()
    }
}
