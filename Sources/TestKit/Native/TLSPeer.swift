// Ownership: the SSL_CTX and the SSL belong to this object and are freed in `deinit`, the two memory BIOs with the SSL;
// a ticket holds one reference on its SSL_SESSION. All use of them is behind the mutex, which makes the unchecked
// Sendable true.
internal import COpenSSL
internal import Synchronization

/// The client's side of one TLS connection without its socket, with what a decent client does and what an abusive one
/// does.
@safe
public final class TLSPeer: @unchecked Sendable {
    public enum Version: Sendable, CaseIterable {
        case tls11, tls12, tls13

        fileprivate var number: Int {
            switch self {
            case .tls11: Int(TLS1_1_VERSION)
            case .tls12: Int(TLS1_2_VERSION)
            case .tls13: Int(TLS1_3_VERSION)
            }
        }
    }

    /// What a later handshake may go on from.
    @safe
    public final class Ticket: @unchecked Sendable {
        fileprivate let raw: OpaquePointer
        fileprivate init(_ raw: OpaquePointer) { unsafe self.raw = raw }
        deinit { unsafe SSL_SESSION_free(raw) }
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let lock = Mutex<(failure: String?, hasEnded: Bool)>((nil, false))

    /// - Parameters:
    ///   - protocols: What is offered by ALPN; none when empty.
    ///   - authority: A PEM file; the server's certificate must be signed by it or be it.
    ///   - ciphers: For TLS 1.2 and before, as OpenSSL names them.
    ///   - groups: For the key exchange.
    public init(
        _ version: Version, protocols: [String] = [], authority: String? = nil, ciphers: String? = nil,
        groups: String? = nil, ticket: Ticket? = nil
    ) throws {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw SocketFailure.system(0) }
        unsafe self.context = context
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, version.number, nil)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, version.number, nil)
        // So low that TLS 1.1 may be asked for at all.
        unsafe SSL_CTX_set_security_level(context, 0)
        unsafe SSL_CTX_set_options(context, UInt64(1) << 18)
        if let ciphers { unsafe SSL_CTX_set_cipher_list(context, ciphers) }
        if let authority {
            unsafe SSL_CTX_load_verify_locations(context, authority, nil)
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        guard let ssl = unsafe SSL_new(context), let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { throw SocketFailure.system(0) }
        unsafe self.ssl = ssl
        unsafe self.incoming = incoming
        unsafe self.outgoing = outgoing
        unsafe BIO_ctrl(incoming, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_connect_state(ssl)
        if let groups { unsafe SSL_ctrl(ssl, SSL_CTRL_SET_GROUPS_LIST, 0, strdup(groups)) }
        if let ticket { unsafe SSL_set_session(ssl, ticket.raw) }
        let offer = protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
        if !offer.isEmpty { unsafe SSL_set_alpn_protos(ssl, offer, UInt32(offer.count)) }
        advance()
    }

    deinit {
        unsafe SSL_free(ssl)
        unsafe SSL_CTX_free(context)
    }

    /// Why the connection is of no more use; OpenSSL's words.
    public var failure: String? { lock.withLock(\.failure) }
    /// Whether the server has said that it sends no more (close_notify).
    public var hasEnded: Bool { lock.withLock(\.hasEnded) }
    public var isSecured: Bool { lock.withLock { _ in unsafe SSL_is_init_finished(ssl) == 1 } }
    public var isResumed: Bool { lock.withLock { _ in unsafe SSL_session_reused(ssl) == 1 } }
    public var version: String { lock.withLock { _ in unsafe String(cString: SSL_get_version(ssl)) } }

    /// What ALPN has chosen.
    public var chosenProtocol: String? {
        lock.withLock { _ in
            var start: UnsafePointer<UInt8>?
            var count: UInt32 = 0
            unsafe SSL_get0_alpn_selected(ssl, &start, &count)
            return unsafe start.map {
                unsafe String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self)
            }
        }
    }

    /// The common name of the server's certificate.
    public var serverName: String? {
        lock.withLock { _ in
            guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
            defer { unsafe X509_free(certificate) }
            var text = [CChar](repeating: 0, count: 256)
            let name = unsafe X509_get_subject_name(certificate)
            guard unsafe X509_NAME_get_text_by_NID(name, NID_commonName, &text, 256) > 0 else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The ticket that the server has given, once there is one.
    public var ticket: Ticket? {
        lock.withLock { _ in
            guard let session = unsafe SSL_get1_session(ssl) else { return nil }
            guard unsafe SSL_SESSION_has_ticket(session) == 1 else {
                unsafe SSL_SESSION_free(session)
                return nil
            }
            return unsafe Ticket(session)
        }
    }

    /// Takes bytes from the server, and goes on with the handshake.
    public func receive(_ bytes: [UInt8]) {
        lock.withLock { _ in _ = unsafe BIO_write(incoming, bytes, Int32(clamping: bytes.count)) }
        advance()
    }

    /// What is to be sent to the server.
    public func takeOutput() -> [UInt8] {
        lock.withLock { _ in
            var output: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 16 * 1024)
            while true {
                let count = unsafe BIO_read(outgoing, &piece, Int32(piece.count))
                guard count > 0 else { return output }
                output += piece.prefix(Int(count))
            }
        }
    }

    private func advance() {
        lock.withLock { state in
            guard state.failure == nil, unsafe SSL_is_init_finished(ssl) != 1 else { return }
            ERR_clear_error()
            note(unsafe SSL_do_handshake(ssl), &state)
        }
    }

    /// Seals bytes into the output; records hold at most `record` of them.
    public func write(_ bytes: [UInt8], record: Int = 16 * 1024) {
        lock.withLock { state in
            ERR_clear_error()
            unsafe SSL_ctrl(ssl, SSL_CTRL_SET_MAX_SEND_FRAGMENT, max(512, record), nil)
            note(unsafe SSL_write(ssl, bytes, Int32(clamping: bytes.count)), &state)
        }
    }

    /// The plaintext that has come.
    public func read() -> [UInt8] {
        lock.withLock { state in
            var plain: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 16 * 1024)
            while state.failure == nil {
                ERR_clear_error()
                let count = unsafe SSL_read(ssl, &piece, Int32(piece.count))
                guard count > 0 else {
                    note(count, &state)
                    break
                }
                plain += piece.prefix(Int(count))
            }
            return plain
        }
    }

    /// Asks for a new handshake, as TLS 1.2 would have it.
    public func renegotiate() {
        lock.withLock { state in
            ERR_clear_error()
            unsafe SSL_renegotiate(ssl)
            note(unsafe SSL_do_handshake(ssl), &state)
        }
    }

    /// Changes our keys and asks the server to change its own (TLS 1.3).
    public func updateKeys() {
        lock.withLock { state in
            ERR_clear_error()
            unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
            note(unsafe SSL_do_handshake(ssl), &state)
        }
    }

    /// Says that we send no more (close_notify).
    public func close() {
        lock.withLock { _ in _ = unsafe SSL_shutdown(ssl) }
    }

    private func note(_ code: Int32, _ state: inout (failure: String?, hasEnded: Bool)) {
        guard code <= 0 else { return }
        switch unsafe SSL_get_error(ssl, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
        case SSL_ERROR_ZERO_RETURN: state.hasEnded = true
        default:
            let text = unsafe ERR_reason_error_string(ERR_peek_error())
            state.failure = unsafe text.map { unsafe String(cString: $0) } ?? "unknown"
        }
    }
}
