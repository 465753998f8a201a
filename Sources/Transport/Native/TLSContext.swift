// Ownership: `raw` holds one reference on the SSL_CTX, given back in `deinit`; every session holds one of its own, so a
// context may go while its connections go on. Nobody writes to it after `init`, and OpenSSL counts references
// atomically, which makes the unchecked Sendable true. Certificates and key are freed in `init`, once the SSL_CTX has
// its references; a certificate of the chain belongs to the SSL_CTX from `tutti_tls_add_to_chain` on.
internal import COpenSSL

/// What a server shows and allows in TLS: certificate, chain and key, TLS 1.2 with forward secrecy or 1.3, HTTP/1.1
/// alone by ALPN, no renegotiation, no compression. A snapshot: connections keep the one they began with. From any
/// thread.
@safe
public final class TLSContext: @unchecked Sendable {
    static let mostCertificates = 16

    let raw: OpaquePointer
    /// Where the certificate's time ends, in seconds since 1970.
    public let validUntil: Int64

    /// Reads PEM files, which may be one and the same: the certificate with the chain that leads to its authority
    /// behind it, and the key, unencrypted. Blocks for the time of reading two small files.
    /// - Throws: ``TransportError/Kind/certificate`` with a sentence that says what to do; it shows no content.
    public init(certificate: String, key: String) throws(TransportError) {
        let chain = try PEMFile.read(certificate, as: "certificate")
        var secret = try PEMFile.read(key, as: "key")
        defer { unsafe secret.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        ERR_clear_error()
        defer { ERR_clear_error() }
        let pair = try unsafe TLSContext.key(secret, key)
        defer { unsafe EVP_PKEY_free(pair) }
        let certificates = try unsafe TLSContext.certificates(chain, certificate)
        var adopted = 0
        // Those of the chain that the SSL_CTX took over are its own to free.
        defer {
            for index in unsafe certificates.indices where index == 0 || index > adopted {
                unsafe X509_free(certificates[index])
            }
        }
        let first = unsafe certificates[0]
        guard unsafe X509_check_private_key(first, pair) == 1 else {
            throw unsafe TLSContext.mismatch(certificates, pair, certificate, key)
        }
        guard let raw = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw TransportError(.system, "OpenSSL has no memory for a TLS context")
        }
        unsafe self.raw = raw
        validUntil = unsafe tutti_tls_valid_until(first)
        guard unsafe tutti_tls_configure(raw) == 1 else {
            throw TransportError(
                .certificate, "This OpenSSL does not offer TLS 1.2 and 1.3. Install libssl3 of Debian 12 or later.")
        }
        guard unsafe SSL_CTX_use_certificate(raw, first) == 1, unsafe SSL_CTX_use_PrivateKey(raw, pair) == 1 else {
            throw TLSContext.refused(certificate)
        }
        for index in unsafe certificates.indices.dropFirst() {
            guard unsafe tutti_tls_add_to_chain(raw, certificates[index]) == 1 else {
                throw TLSContext.refused(certificate)
            }
            adopted += 1
        }
    }

    deinit { unsafe SSL_CTX_free(raw) }

    private static func key(_ bytes: [UInt8], _ file: String) throws(TransportError) -> OpaquePointer {
        var isEncrypted: Int32 = 0
        let found = unsafe bytes.withUnsafeBytes { buffer -> OpaquePointer? in
            guard let text = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else {
                return nil
            }
            defer { unsafe BIO_free(text) }
            return unsafe PEM_read_bio_PrivateKey(text, nil, tutti_tls_no_passphrase, &isEncrypted)
        }
        if let found = unsafe found { return unsafe found }
        guard isEncrypted == 0 else {
            throw TransportError(
                .certificate,
                "The key in \(file) is encrypted, and there is nobody to ask for its passphrase. Write it without one: "
                    + "openssl pkey -in \(file) -out plain.key")
        }
        throw TransportError(
            .certificate,
            "\(file) holds no private key in PEM form that OpenSSL can read. Name the file that begins with "
                + "-----BEGIN PRIVATE KEY-----.")
    }

    /// Never empty; the caller frees them.
    private static func certificates(_ bytes: [UInt8], _ file: String) throws(TransportError) -> [OpaquePointer] {
        var found = unsafe [OpaquePointer]()
        var isWhole = false
        unsafe bytes.withUnsafeBytes { buffer in
            guard let text = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return }
            defer { unsafe BIO_free(text) }
            while unsafe found.count <= mostCertificates, let one = unsafe PEM_read_bio_X509(text, nil, nil, nil) {
                unsafe found.append(one)
            }
            isWhole = tutti_tls_pem_ended() == 1
        }
        ERR_clear_error()
        let count = unsafe found.count
        if isWhole, count > 0, count <= mostCertificates { return unsafe found }
        for index in unsafe found.indices { unsafe X509_free(found[index]) }
        guard count <= mostCertificates else {
            throw TransportError(
                .certificate,
                "\(file) holds more than \(mostCertificates) certificates. Keep the server's own and the chain that "
                    + "leads to its authority.")
        }
        throw TransportError(
            .certificate,
            isWhole
                ? "\(file) holds no certificate in PEM form. Name one that begins with -----BEGIN CERTIFICATE-----."
                : "Certificate \(count + 1) in \(file) is damaged. Get the file again from whoever issued it.")
    }

    private static func mismatch(
        _ certificates: [OpaquePointer], _ pair: OpaquePointer, _ file: String, _ key: String
    ) -> TransportError {
        for index in unsafe certificates.indices.dropFirst()
        where unsafe X509_check_private_key(certificates[index], pair) == 1 {
            return TransportError(
                .certificate,
                "The key in \(key) belongs to certificate \(index + 1) in \(file). Put that one, the server's, first."
            )
        }
        return TransportError(
            .certificate,
            "The key in \(key) does not belong to the certificate in \(file). Name the key that it was issued for.")
    }

    /// OpenSSL's reasons are fixed words, with nothing of the files in them.
    private static func refused(_ file: String) -> TransportError {
        let words = openSSLReason()
        return TransportError(
            .certificate,
            "OpenSSL refuses the certificate in \(file): \(words). Use one with an EC key, or an RSA key of at least "
                + "2048 bits, signed with SHA-256 or better.")
    }
}

/// OpenSSL's words for the first error that this thread has met since the last `ERR_clear_error`.
func openSSLReason() -> String {
    let code = ERR_peek_error()
    guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "no reason given" }
    return unsafe String(cString: text)
}
