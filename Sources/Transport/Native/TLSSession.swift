// Ownership: `ssl` belongs to this object and is freed in `deinit`, with the BIO that `tutti_tls_session` gave to it.
// The BIO points into `buffers`, which this object retains, so that they outlive it. Ciphertext is lent to
// `buffers.wire` for one call and is used up or dropped when that returns. One thread at a time; not Sendable.
internal import COpenSSL

/// The server's side of one TLS connection without its socket: ciphertext in, plaintext out, and back. What is to be
/// sent is handed to `emit` before each call returns; nothing is kept, so an idle session has no buffers.
@safe
final class TLSSession {
    /// The most plaintext that ``seal(_:emit:)`` takes at once; its records fit into the buffers together.
    static let pieceLimit = 64 * 1024
    /// What may be sent without being asked to by ``seal(_:emit:)`` after the handshake: answers to key updates. Else a
    /// peer that asks for them and reads nothing would fill our memory.
    static let controlLimit = 64 * 1024

    enum Outcome: Equatable {
        /// All ciphertext is used up; more may come.
        case open
        /// The peer has said that it will send no more (close_notify).
        case ended
        /// What came is not TLS as it is spoken here; an alert has been emitted where there is one for it.
        case broken(String)
    }

    private let ssl: OpaquePointer
    private let buffers: TLSBuffers
    private var hello = HelloCheck()
    private var controlBytes = 0
    private var isFinished = false
    private var failure: String?
    /// Whether the handshake is complete.
    private(set) var isSecured = false

    /// `nil` when memory is short.
    init?(_ context: TLSContext, buffers: TLSBuffers) {
        guard let method = unsafe TLSBuffers.method,
            let ssl = unsafe tutti_tls_session(context.raw, method, buffers.wire)
        else { return nil }
        unsafe self.ssl = ssl
        self.buffers = buffers
        unsafe SSL_set_accept_state(ssl)
    }

    deinit { unsafe SSL_free(ssl) }

    /// Takes all of `ciphertext` and appends the plaintext in it.
    func receive(
        _ ciphertext: UnsafeRawBufferPointer, into plaintext: inout [UInt8], emit: (UnsafeRawBufferPointer) -> Void
    ) -> Outcome {
        if let failure { return .broken(failure) }
        guard unsafe hello.accepts(ciphertext) else { return broken("this is no TLS client's hello") }
        unsafe buffers.wire.pointee.input = ciphertext.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe buffers.wire.pointee.input_left = ciphertext.count
        defer {
            unsafe buffers.wire.pointee.input = nil
            unsafe buffers.wire.pointee.input_left = 0
        }
        ERR_clear_error()
        // Each turn uses input up or has filled the buffer for output, so there are few of them.
        while true {
            let count = unsafe SSL_read(ssl, buffers.plain.baseAddress, Int32(clamping: buffers.plain.count))
            if count > 0 {
                unsafe plaintext.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffers.plain[..<Int(count)]))
                // To be told that there is no more would cost as much again.
                guard isSecured, unsafe buffers.wire.pointee.input_left == 0, unsafe SSL_has_pending(ssl) == 0 else {
                    continue
                }
            }
            let code = count > 0 ? SSL_ERROR_WANT_READ : unsafe SSL_get_error(ssl, count)
            let reason = code == SSL_ERROR_SSL ? openSSLReason() : "unexpected end"
            let emitted = unsafe buffers.flush(emit)
            if isSecured { controlBytes += emitted } else { isSecured = unsafe SSL_is_init_finished(ssl) == 1 }
            guard controlBytes <= TLSSession.controlLimit else { return broken("too many key updates") }
            switch code {
            case SSL_ERROR_WANT_READ: return .open
            case SSL_ERROR_WANT_WRITE: continue
            case SSL_ERROR_ZERO_RETURN: return .ended
            default: return broken(reason)
            }
        }
    }

    /// Emits `plaintext`, at most ``pieceLimit`` bytes, in as few records as can be. False, and nothing emitted, before
    /// the handshake is complete, after ``finish(emit:)`` and once the session is broken.
    func seal(_ plaintext: UnsafeRawBufferPointer, emit: (UnsafeRawBufferPointer) -> Void) -> Bool {
        guard isSecured, !isFinished, failure == nil, plaintext.count <= TLSSession.pieceLimit else { return false }
        guard unsafe !plaintext.isEmpty else { return true }
        ERR_clear_error()
        while true {
            let count = unsafe SSL_write(ssl, plaintext.baseAddress, Int32(truncatingIfNeeded: plaintext.count))
            let code = count > 0 ? SSL_ERROR_NONE : unsafe SSL_get_error(ssl, count)
            unsafe buffers.flush(emit)
            if count > 0 { return true }
            guard code == SSL_ERROR_WANT_WRITE else {
                _ = broken(openSSLReason())
                return false
            }
        }
    }

    /// Says that nothing more will be sent (close_notify), once.
    func finish(emit: (UnsafeRawBufferPointer) -> Void) {
        guard isSecured, !isFinished, failure == nil else { return }
        isFinished = true
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
        unsafe buffers.flush(emit)
    }

    private func broken(_ reason: String) -> Outcome {
        failure = reason
        ERR_clear_error()
        return .broken(reason)
    }

    /// The version that was agreed on, as OpenSSL names it: `TLSv1.3`.
    var version: String { unsafe String(cString: SSL_get_version(ssl)) }
    /// Whether a ticket of an earlier handshake was taken.
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }
}
