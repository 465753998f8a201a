// Ownership: nothing is owned or kept. OpenSSL reads and writes arrays that are lent to it for the length of one call.
internal import COpenSSL

/// SHA-1 in Base64, for the opening handshake of WebSockets, which asks for it. It protects nothing there.
enum SHA1 {
    /// `nil` where the library refuses the hash, as it may be configured to.
    static func base64(of text: String) -> String? {
        let input = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard unsafe EVP_Digest(input, input.count, &digest, &count, EVP_sha1(), nil) == 1, count == 20 else {
            return nil
        }
        // Four characters for three bytes, and a NUL.
        var encoded = [UInt8](repeating: 0, count: 32)
        guard unsafe EVP_EncodeBlock(&encoded, digest, 20) == 28 else { return nil }
        return String(decoding: encoded.prefix(28), as: UTF8.self)
    }
}
