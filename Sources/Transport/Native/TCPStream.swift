// Ownership: the uv_tcp_t belongs to LoopHandle; what a pending write owns is said in TCPStream+Writing. Everything is
// touched on the loop's thread alone (checked in every entry point), which makes the unchecked Sendable true.
internal import Base
internal import CShims
internal import CUV
internal import Glibc

/// A TCP connection on an event loop. One reader at a time; writers wait for each other. Every call belongs on the
/// loop.
@safe
public final class TCPStream: LoopHandle, @unchecked Sendable {
    public let loop: EventLoop
    /// The most bytes that are read ahead of the reader; past it the socket is no longer read (back-pressure).
    public static let readAhead = 64 * 1024
    /// The same while what was written waits for the peer: who takes no answers is not to fill the memory with questions.
    static let readAheadOfWrites = 16 * 1024
    /// The most bytes of one ``write(_:stall:)`` that are copied to wait for the kernel; the next ones follow when
    /// these are gone.
    public static let maxQueued = 128 * 1024

    var handle: UnsafeMutablePointer<uv_stream_t>? {
        unsafe raw?.assumingMemoryBound(to: uv_stream_t.self)
    }
    var inbound: [UInt8] = []
    private var reading = false
    private var ended = false
    private(set) var failure: TransportError?
    /// What makes plaintext of what arrives and back; `nil` on a plain connection.
    var tls: TLSSession?
    /// Closes a connection whose handshake takes too long.
    var handshakeTimer: EventLoop.TimerID?
    /// Is told whether it was interrupted.
    private var reader: UnsafeContinuation<Bool, Never>?
    /// Called once when there is something to read, in place of a reader.
    private var input: (@Sendable () -> Void)?
    var writer: UnsafeContinuation<Int32, Never>?
    /// From the first byte of a write that has to wait to its last: nothing else may go out between.
    var isWriting = false {
        didSet { if !isWriting, !reading, !ended, room > 0 { startReading() } }
    }
    /// Writers that wait for that one, each a task that does nothing else meanwhile: as many as there are callers.
    var nextWriters: [UnsafeContinuation<Void, Never>] = unsafe []
    private var hangUp: (@Sendable () -> Void)?
    var stallTimer: EventLoop.TimerID?
    /// How the peer takes what waits for it.
    var pace = DeparturePace()
    /// What waited for the kernel when ``pace`` was last told.
    var awaited = 0

    init(loop: EventLoop) { self.loop = loop }

    /// Takes over a connection that was accepted; closes it where that cannot be.
    func takeOver(_ accepted: Int32) -> Bool {
        let code = unsafe open(UV_TCP) { unsafe uv_tcp_init(loop.uv, $0.assumingMemoryBound(to: uv_tcp_t.self)) }
        guard code == 0, let tcp = unsafe raw?.assumingMemoryBound(to: uv_tcp_t.self),
            unsafe uv_tcp_open(tcp, accepted) == 0
        else {
            Glibc.close(accepted)
            close()
            return false
        }
        unsafe uv_tcp_nodelay(tcp, 1)
        startReading()
        return true
    }

    private var descriptor: uv_os_fd_t? {
        var descriptor: uv_os_fd_t = -1
        guard let handle = unsafe handle,
            unsafe uv_fileno(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), &descriptor)
                == 0
        else { return nil }
        return descriptor
    }

    /// Whether small pieces leave without waiting for the acknowledgement of those before (TCP_NODELAY).
    var sendsAtOnce: Bool {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard let descriptor,
            unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &size) == 0
        else { return false }
        return value != 0
    }

    /// The peer's numeric address; empty when it is gone.
    public var peer: String {
        guard let descriptor else { return "" }
        var text = [CChar](repeating: 0, count: 64)
        guard unsafe tutti_socket_peer(descriptor, &text, 64) == 0 else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether something has arrived that ``read()`` has not given out.
    public var hasUnread: Bool { !inbound.isEmpty }

    public var isOpen: Bool { unsafe handle != nil && failure == nil }

    /// Calls `action` at most once, on the loop, when the other side closes or the connection breaks; at once
    /// when it already has. `nil` takes it back.
    public func onHangUp(_ action: (@Sendable () -> Void)?) {
        loop.checkIsolated()
        if let action, ended || failure != nil { return action() }
        hangUp = action
    }

    // MARK: Reading

    /// What has arrived, at least one byte; `nil` when the other side has closed, nothing after ``interruptReader()``.
    /// Throws when the connection broke or was closed here.
    public func read() async throws(TransportError) -> [UInt8]? {
        loop.checkIsolated()
        var isInterrupted = false
        if inbound.isEmpty, !ended, failure == nil {
            isInterrupted = await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                // Again: a task that prefers another executor lets work of the loop pass on its way here.
                guard inbound.isEmpty, !ended, failure == nil else {
                    return unsafe continuation.resume(returning: false)
                }
                precondition(unsafe reader == nil, "one reader at a time")
                unsafe reader = continuation
            }
        }
        if !inbound.isEmpty {
            var taken: [UInt8] = []
            swap(&taken, &inbound)
            if !reading, !ended { startReading() }
            return taken
        }
        if let failure { throw failure }
        return isInterrupted && !ended ? [] : nil
    }

    /// Ends the wait of a reader, who gets no bytes, unless some come before it runs, and may read again. Nothing when
    /// nobody waits: a later read does not hear of it.
    public func interruptReader() {
        loop.checkIsolated()
        guard let waiting = unsafe reader else { return }
        unsafe reader = nil
        unsafe waiting.resume(returning: true)
    }

    /// Calls `action` at most once, on the loop, when a ``read()`` would not wait; at once when it would not now. For who
    /// has no task that could wait.
    public func onInput(_ action: @escaping @Sendable () -> Void) {
        loop.checkIsolated()
        if !inbound.isEmpty || ended || failure != nil { return action() }
        input = action
    }

    private var room: Int { (isWriting ? TCPStream.readAheadOfWrites : TCPStream.readAhead) - inbound.count }

    private func startReading() {
        guard let handle = unsafe handle, failure == nil else { return }
        reading = true
        let code = unsafe uv_read_start(
            handle,
            { handle, _, buffer in
                let stream = unsafe TCPStream.from(
                    UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_stream_t.self)
                )
                unsafe buffer!.pointee = uv_buf_t(
                    base: stream.loop.readBuffer.baseAddress,
                    // A write may have begun to wait since: libuv wants some room, and the next byte ends the reading.
                    len: min(stream.loop.readBuffer.count, max(1, stream.room))
                )
            },
            { handle, count, buffer in
                let stream = unsafe TCPStream.from(handle)
                unsafe stream.received(count, UnsafeRawPointer(buffer!.pointee.base))
            }
        )
        if code != 0 { fail(TransportError(.system, "reading failed: \(uvMessage(code))")) }
    }

    private func received(_ count: Int, _ bytes: UnsafeRawPointer?) {
        if count > 0, let bytes = unsafe bytes {
            let piece = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
            if let tls { unsafe unseal(piece, with: tls) } else { unsafe inbound.append(contentsOf: piece) }
            if room <= 0, let handle = unsafe handle {
                reading = false
                unsafe uv_read_stop(handle)
            }
            if !inbound.isEmpty { resumeReader() }
        } else if count == Int(UV_EOF.rawValue) {
            endReading()
        } else if count < 0 {
            fail(TransportError(.closed, "the connection broke: \(uvMessage(Int32(truncatingIfNeeded: count)))"))
        }
    }

    /// The peer sends no more.
    func endReading() {
        stopReading()
        callHangUp()
    }

    /// Ends the wait of a reader, who gets `nil`, and reads no more; for timeouts and for draining. What has been
    /// read already is still given out first.
    public func stopReading() {
        loop.checkIsolated()
        ended = true
        reading = false
        if let handle = unsafe handle { unsafe uv_read_stop(handle) }
        resumeReader()
    }

    private func resumeReader() {
        if let input {
            self.input = nil
            input()
        }
        guard let waiting = unsafe reader else { return }
        unsafe reader = nil
        unsafe waiting.resume(returning: false)
    }

    private func callHangUp() {
        let action = hangUp
        hangUp = nil
        action?()
    }

    // MARK: Closing

    /// Closes at once; whoever waits gets an error. Safe to call again.
    public func close() {
        loop.checkIsolated()
        // Within a write it would claim that this is the end.
        if !isWriting, queued == 0 { sealEnd() }
        fail(TransportError(.closed, "the connection is closed"))
    }

    /// Closes at once with a reset, so that the peer does not take what it got for the whole.
    public func reset() {
        loop.checkIsolated()
        if isUsable, let raw = unsafe takeRaw() {
            let code = unsafe uv_tcp_close_reset(raw.assumingMemoryBound(to: uv_tcp_t.self), LoopHandle.closed)
            // Refused while our side is being ended: then an ordinary close has to do.
            if code != 0 { unsafe uv_close(raw.assumingMemoryBound(to: uv_handle_t.self), LoopHandle.closed) }
        }
        close()
    }

    /// Sends the end of our side (FIN) after what has been written.
    public func shutdownWrites() {
        loop.checkIsolated()
        guard !isWriting else { return }
        sealEnd()
        guard let handle = unsafe handle else { return }
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        if unsafe uv_shutdown(request, handle, { request, _ in unsafe request!.deallocate() }) != 0 {
            unsafe request.deallocate()
        }
    }

    func fail(_ error: TransportError) {
        guard failure == nil else { return }
        failure = error
        reading = false
        endStallWatch()
        endHandshakeWatch()
        closeHandle()
        resumeReader()
        if let waiting = unsafe writer {
            unsafe writer = nil
            unsafe waiting.resume(returning: UV_ECANCELED.rawValue)
        }
        // Each finds the failure as its turn.
        while unsafe !nextWriters.isEmpty { unsafe nextWriters.removeFirst().resume() }
        callHangUp()
    }

    override func handleClosed() { fail(TransportError(.closed, "the loop has stopped")) }

    static func from(_ handle: UnsafeMutablePointer<uv_stream_t>?) -> TCPStream {
        unsafe unsafeDowncast(LoopHandle.owner(of: handle), to: TCPStream.self)
    }
}

/// libuv's words for one of its error codes.
func uvMessage(_ code: Int32) -> String {
    guard let text = unsafe uv_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
