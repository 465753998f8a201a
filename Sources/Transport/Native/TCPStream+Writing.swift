// Ownership: a pending write owns its uv_write_t and its bytes until the write callback, which always comes (with
// ECANCELED after a close). Loop thread only.
internal import Base
internal import CUV

extension TCPStream {
    /// Closes the connection when the peer takes what waits for it at fewer than `rate` bytes a second and is behind by
    /// `grace`; while nothing waits, no time passes. Whoever writes then gets ``TransportError/Kind/timeout``.
    public func holdPeer(to rate: Int, grace: Duration) {
        loop.checkIsolated()
        pace = DeparturePace(rate: rate, grace: grace)
    }

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
        if code >= 0 {
            if pace.isBehind { pace.take(Int(code), at: loop.now()) }
            return Int(code)
        }
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
            watchPeer(stall, until: loop.now().advanced(by: stall), from: queued)
        }
        return next
    }

    /// Queues a copy of what goes onto the wire, behind what is queued.
    func submit(_ wire: UnsafeRawBufferPointer) -> Int32 {
        guard let handle = unsafe handle else { return UV_ECANCELED.rawValue }
        noteTaken()
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
        awaited = queued
        if awaited > 0 { pace.wait(at: loop.now()) }
        return code
    }

    /// Tells the pace what has been taken of what waited.
    private func noteTaken() {
        guard awaited > 0 else { return }
        let now = loop.now()
        let left = queued
        if left < awaited { pace.take(awaited - left, at: now) }
        if left == 0 { pace.rest(at: now) }
        awaited = left
    }

    private func finishWrite(_ code: Int32) {
        noteTaken()
        if code == 0, queued > 0 { return }
        endStallWatch()
        guard let waiting = unsafe writer else { return }
        unsafe writer = nil
        unsafe waiting.resume(returning: code)
    }

    func endStallWatch() {
        if let stallTimer { loop.cancel(stallTimer) }
        stallTimer = nil
    }

    /// Closes the connection when the queue has not moved for `stall`, or moves too slowly. `mark` is what was queued at
    /// the last move, `end` when the next one must have come.
    private func watchPeer(_ stall: Duration, until end: Instant, from mark: Int) {
        stallTimer = loop.schedule(at: min(end, pace.deadline ?? end)) { [weak self] in
            guard let self else { return }
            self.stallTimer = nil
            self.noteTaken()
            let left = self.queued
            guard left > 0 else { return }
            let now = self.loop.now()
            if let deadline = self.pace.deadline, deadline <= now {
                self.fail(TransportError(.timeout, "the peer takes too little of what is sent"))
            } else if left < mark {
                self.watchPeer(stall, until: now.advanced(by: stall), from: left)
            } else if now < end {
                self.watchPeer(stall, until: end, from: mark)
            } else {
                self.fail(TransportError(.timeout, "the peer took nothing for \(stall)"))
            }
        }
    }
}
