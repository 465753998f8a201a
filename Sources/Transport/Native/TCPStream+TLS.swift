// Owns nothing of its own: sealed bytes are lent by the loop's TLSBuffers for a call, and what the kernel does not take
// of them is copied into a pending write, which TCPStream owns. Loop thread only.
internal import Base

extension TCPStream {
    /// Speaks TLS from here on, as the server. On the loop, before the first ``read()``. Closes the connection when the
    /// handshake is not complete after `limit`; nothing can be written before it is.
    public func secure(with context: TLSContext, handshakeWithin limit: Duration) {
        loop.checkIsolated()
        guard isOpen, tls == nil else { return }
        guard let session = TLSSession(context, buffers: loop.tlsBuffers) else {
            return fail(TransportError(.system, "OpenSSL has no memory for a session"))
        }
        tls = session
        handshakeTimer = loop.schedule(at: loop.now().advanced(by: limit)) { [weak self] in
            self?.handshakeTimer = nil
            self?.fail(TransportError(.timeout, "the TLS handshake was not complete after \(limit)"))
        }
    }

    /// Whether it speaks TLS.
    public var isSecure: Bool { tls != nil }

    func endHandshakeWatch() {
        if let handshakeTimer { loop.cancel(handshakeTimer) }
        handshakeTimer = nil
    }

    /// Makes plaintext of what has arrived. An end of the connection without close_notify is an end like any other: a
    /// request says by itself where it ends.
    func unseal(_ ciphertext: UnsafeRawBufferPointer, with session: TLSSession) {
        // Taken out meanwhile: whoever hears of a failure may ask what is unread.
        var plaintext: [UInt8] = []
        swap(&plaintext, &inbound)
        let outcome = unsafe session.receive(ciphertext, into: &plaintext) { unsafe passOn($0) }
        swap(&plaintext, &inbound)
        if session.isSecured { endHandshakeWatch() }
        switch outcome {
        case .open: break
        case .ended: endReading()
        case .broken(let reason): fail(TransportError(.closed, "the TLS connection broke: \(reason)"))
        }
    }

    /// Seals and hands over `bytes` for as long as the kernel takes all; how many that are. None before the handshake
    /// is complete.
    func seal(_ bytes: [UInt8], with session: TLSSession) -> Int {
        var next = 0
        while next < bytes.count, session.isSecured, queued == 0, let end = sealPiece(bytes, from: next, with: session)
        { next = end }
        return next
    }

    /// Seals `bytes` from `offset` on until at least `limit` of them, or all, are with the kernel or queued; where the
    /// rest begins.
    func seal(_ bytes: [UInt8], from offset: Int, atMost limit: Int, with session: TLSSession) -> Int {
        var next = offset
        while next < bytes.count, next - offset < limit, let end = sealPiece(bytes, from: next, with: session) {
            next = end
        }
        return next
    }

    /// `nil` once the connection is broken.
    private func sealPiece(_ bytes: [UInt8], from offset: Int, with session: TLSSession) -> Int? {
        guard failure == nil else { return nil }
        let end = offset + min(TLSSession.pieceLimit, bytes.count - offset)
        let isSealed = unsafe bytes.withUnsafeBytes { buffer in
            unsafe session.seal(UnsafeRawBufferPointer(rebasing: buffer[offset..<end])) { unsafe passOn($0) }
        }
        if !isSealed { fail(TransportError(.closed, "nothing can be sent on this TLS connection")) }
        return failure == nil ? end : nil
    }

    /// Whether sealed bytes wait for the kernel; they count as written already.
    var leavesSealed: Bool { tls != nil && queued > 0 }

    /// Says close_notify, unless the connection is broken or something is still to go out before.
    func sealEnd() {
        guard let tls, failure == nil else { return }
        unsafe tls.finish { unsafe passOn($0) }
    }

    /// Hands over what goes onto the wire and queues what the kernel does not take.
    private func passOn(_ wire: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        let sent = unsafe handOver(wire)
        guard failure == nil, sent < wire.count else { return }
        let code = unsafe submit(UnsafeRawBufferPointer(rebasing: wire[sent...]))
        if code != 0 { fail(TransportError(.closed, "the connection broke: \(uvMessage(code))")) }
    }
}
