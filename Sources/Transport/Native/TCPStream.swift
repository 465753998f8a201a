// Ownership: the uv_tcp_t belongs to LoopHandle. A pending write owns its uv_write_t and its bytes until the write
// callback, which always comes (with ECANCELED after a close). Everything is touched on the loop's thread alone
// (checked in every entry point), which makes the unchecked Sendable true.
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
    /// The most bytes of one ``write(_:stall:)`` that are copied to wait for the kernel; the next ones follow when
    /// these are gone.
    public static let maxQueued = 128 * 1024

    private var handle: UnsafeMutablePointer<uv_stream_t>? {
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
    private var reader: UnsafeContinuation<Void, Never>?
    /// Called once when there is something to read, in place of a reader.
    private var input: (@Sendable () -> Void)?
    private var isInterrupted = false
    private var writer: UnsafeContinuation<Int32, Never>?
    /// From the first byte of a write that has to wait to its last: nothing else may go out between.
    private var isWriting = false
    /// Writers that wait for that one, each a task that does nothing else meanwhile: as many as there are callers.
    private var nextWriters: [UnsafeContinuation<Void, Never>] = unsafe []
    private var hangUp: (@Sendable () -> Void)?
    private var stallTimer: EventLoop.TimerID?

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
        if inbound.isEmpty, !ended, failure == nil {
            await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                // Again: a task that prefers another executor lets work of the loop pass on its way here.
                guard inbound.isEmpty, !ended, failure == nil else { return unsafe continuation.resume() }
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
        if isInterrupted, !ended {
            isInterrupted = false
            return []
        }
        return nil
    }

    /// Ends the wait of a reader, who gets no bytes and may read again.
    public func interruptReader() {
        loop.checkIsolated()
        guard unsafe reader != nil else { return }
        isInterrupted = true
        resumeReader()
    }

    /// Calls `action` at most once, on the loop, when a ``read()`` would not wait; at once when it would not now. For who
    /// has no task that could wait.
    public func onInput(_ action: @escaping @Sendable () -> Void) {
        loop.checkIsolated()
        if !inbound.isEmpty || ended || failure != nil { return action() }
        input = action
    }

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
                    len: stream.loop.readBuffer.count
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
            if inbound.count >= TCPStream.readAhead, let handle = unsafe handle {
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
        unsafe waiting.resume()
    }

    private func callHangUp() {
        let action = hangUp
        hangUp = nil
        action?()
    }

    // MARK: Writing

    /// Hands `bytes` to the kernel, waiting while its buffer is full. Pieces of several writers go out whole, one after
    /// the other in the order of the calls. No bytes wait for what ``writeUnlessBusy(_:stall:)`` has queued. Throws
    /// ``TransportError/Kind/timeout`` and closes when the peer takes nothing for as long as `stall`.
    public func write(_ bytes: [UInt8], stall: Duration) async throws(TransportError) {
        loop.checkIsolated()
        if isWriting {
            await unsafe withUnsafeContinuation { (turn: UnsafeContinuation<Void, Never>) in
                // Again: a task that prefers another executor lets work of the loop pass on its way here.
                guard isWriting else {
                    isWriting = true
                    return unsafe turn.resume()
                }
                unsafe nextWriters.append(turn)
            }
            defer { passTurn() }
            return try await writeInTurn(bytes, stall: stall)
        }
        let sent = try tryWrite(bytes)
        guard sent < bytes.count || !isIdle else { return }
        isWriting = true
        defer { passTurn() }
        try await wait(for: bytes, from: sent, stall: stall)
    }

    private func writeInTurn(_ bytes: [UInt8], stall: Duration) async throws(TransportError) {
        let sent = try handOver(bytes)
        guard sent < bytes.count || queued > 0 else { return }
        try await wait(for: bytes, from: sent, stall: stall)
    }

    private func wait(for bytes: [UInt8], from sent: Int, stall: Duration) async throws(TransportError) {
        var next = sent
        repeat {
            let code = await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Int32, Never>) in
                unsafe writer = continuation
                next = queue(bytes, from: next, atMost: TCPStream.maxQueued, stall: stall)
            }
            if let failure { throw failure }
            if code != 0 { throw TransportError(.closed, "the connection broke: \(uvMessage(code))") }
        } while next < bytes.count
    }

    private func passTurn() {
        guard failure == nil, unsafe !nextWriters.isEmpty else {
            isWriting = false
            return
        }
        unsafe nextWriters.removeFirst().resume()
    }

    /// As much of `bytes` as the kernel takes now; nothing while a write is waiting.
    private func tryWrite(_ bytes: [UInt8]) throws(TransportError) -> Int {
        if failure == nil, isWriting { return 0 }
        return try handOver(bytes)
    }

    private func handOver(_ bytes: [UInt8]) throws(TransportError) -> Int {
        if let failure { throw failure }
        guard unsafe handle != nil else { throw TransportError(.closed, "the connection is closed") }
        guard !bytes.isEmpty else { return 0 }
        let sent =
            if let tls {
                seal(bytes, with: tls)
            } else {
                unsafe bytes.withUnsafeBytes { unsafe handOver($0) }
            }
        if let failure { throw failure }
        return sent
    }

    /// As much as the kernel takes of what goes onto the wire; fails when the connection is broken.
    func handOver(_ wire: UnsafeRawBufferPointer) -> Int {
        guard let handle = unsafe handle, let start = wire.baseAddress else { return 0 }
        var part = unsafe uv_buf_t(
            base: UnsafeMutableRawPointer(mutating: start).assumingMemoryBound(to: CChar.self),
            len: wire.count
        )
        let code = unsafe uv_try_write(handle, &part, 1)
        if code >= 0 { return Int(code) }
        if code != UV_EAGAIN.rawValue { fail(TransportError(.closed, "the connection broke: \(uvMessage(code))")) }
        return 0
    }

    /// Hands the kernel what it takes of `bytes` now, and says how many that are; what is left is for
    /// ``write(_:stall:)``. `nil` when the connection is closed or broken. With TLS some of the bytes may wait for the
    /// kernel although they count: the last of them are with it when ``isIdle``, or after an empty write.
    public func writeAtOnce(_ bytes: [UInt8]) -> Int? {
        loop.checkIsolated()
        return try? tryWrite(bytes)
    }

    /// Whether everything written so far is with the kernel.
    public var isIdle: Bool {
        loop.checkIsolated()
        return !isWriting && failure == nil && queued == 0
    }

    /// Bytes that wait for the kernel.
    var queued: Int {
        guard let handle = unsafe handle else { return 0 }
        return unsafe Int(clamping: uv_stream_get_write_queue_size(handle))
    }

    /// Writes a piece behind which nobody waits: what the kernel does not take is queued. One piece at a time, so
    /// that what is queued stays bounded: `false`, and nothing done, unless ``isIdle``. Closes when the peer takes
    /// nothing of it for as long as `stall`.
    public func writeUnlessBusy(_ bytes: [UInt8], stall: Duration) -> Bool {
        guard isIdle, let sent = try? tryWrite(bytes) else { return false }
        if sent < bytes.count || leavesSealed { queue(bytes, from: sent, stall: stall) }
        return true
    }

    /// Writes a small piece if that needs no waiting, and says whether it did; for heartbeats.
    public func writeIfIdle(_ bytes: [UInt8], stall: Duration) -> Bool {
        loop.checkIsolated()
        guard !isWriting, let sent = try? tryWrite(bytes), sent > 0 else { return false }
        // A torn heartbeat would corrupt the stream: the rest goes before anything else.
        if sent < bytes.count || leavesSealed { queue(bytes, from: sent, stall: stall) }
        return true
    }

    /// Queues what is left from `offset` on, at most `limit` of it (with TLS not much more), and watches that the peer
    /// takes it; where the next such piece begins.
    @discardableResult
    private func queue(_ bytes: [UInt8], from offset: Int, atMost limit: Int = .max, stall: Duration) -> Int {
        guard unsafe handle != nil else {
            finishWrite(UV_ECANCELED.rawValue)
            return bytes.count
        }
        var next = bytes.count
        var code: Int32 = 0
        if let tls {
            next = seal(bytes, from: offset, atMost: limit, with: tls)
            // Nothing is queued that would call back.
            if queued == 0 { finishWrite(0) }
        } else {
            next = bytes.count - offset > limit ? offset + limit : bytes.count
            code = unsafe bytes.withUnsafeBytes {
                unsafe submit(UnsafeRawBufferPointer(rebasing: $0[offset..<next]))
            }
        }
        if code != 0 {
            finishWrite(code)
        } else if stallTimer == nil, queued > 0 {
            watchStall(stall, queued: queued)
        }
        return next
    }

    /// Queues a copy of what goes onto the wire, behind what is queued.
    func submit(_ wire: UnsafeRawBufferPointer) -> Int32 {
        guard let handle = unsafe handle else { return UV_ECANCELED.rawValue }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: wire.count, alignment: 1)
        unsafe copy.copyMemory(from: wire)
        let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
        unsafe request.pointee.data = copy.baseAddress
        var part = unsafe uv_buf_t(base: copy.baseAddress!.assumingMemoryBound(to: CChar.self), len: wire.count)
        let code = unsafe uv_write(request, handle, &part, 1) { request, status in
            unsafe request!.pointee.data.deallocate()
            let stream = unsafe TCPStream.from(request!.pointee.handle)
            unsafe request!.deallocate()
            stream.finishWrite(status)
        }
        if code != 0 {
            unsafe copy.deallocate()
            unsafe request.deallocate()
        }
        return code
    }

    private func finishWrite(_ code: Int32) {
        if code == 0, queued > 0 { return }
        endStallWatch()
        guard let waiting = unsafe writer else { return }
        unsafe writer = nil
        unsafe waiting.resume(returning: code)
    }

    private func endStallWatch() {
        if let stallTimer { loop.cancel(stallTimer) }
        stallTimer = nil
    }

    /// Closes the connection when the queue has not moved for `stall`.
    private func watchStall(_ stall: Duration, queued: Int) {
        stallTimer = loop.schedule(at: loop.now().advanced(by: stall)) { [weak self] in
            guard let self else { return }
            self.stallTimer = nil
            let left = self.queued
            guard left > 0 else { return }
            if left < queued {
                self.watchStall(stall, queued: left)
            } else {
                self.fail(TransportError(.timeout, "the peer took nothing for \(stall)"))
            }
        }
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

    private static func from(_ handle: UnsafeMutablePointer<uv_stream_t>?) -> TCPStream {
        unsafe unsafeDowncast(LoopHandle.owner(of: handle), to: TCPStream.self)
    }
}

/// libuv's words for one of its error codes.
func uvMessage(_ code: Int32) -> String {
    guard let text = unsafe uv_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
