// Ownership: the object owns the keyed context, which nothing changes after it is made, so that it may be shared, and
// frees it with its last reference. Texts and results are lent for a call.
public import Base
internal import COpenSSL

/// The secret under which keys are hashed. Whoever has the hashes but not the pepper can neither use them nor try keys
/// on them.
@safe
public final class Pepper: Sendable {
    /// How long a pepper's text may be, in bytes.
    public static let lengths = 32...1024

    private nonisolated(unsafe) let keyed: OpaquePointer
    /// Tells peppers apart without telling anything of them: the first bytes of the hash of a fixed text.
    public let mark: UInt32

    /// `nil` for a text that is shorter or longer than ``lengths``.
    public init?(_ secret: Secret) {
        let bytes = Array(secret.reveal().utf8)
        guard Self.lengths.contains(bytes.count),
            let made = unsafe bytes.withUnsafeBufferPointer({ unsafe tutti_hmac_keyed($0.baseAddress, $0.count) })
        else { return nil }
        guard let own = unsafe Self.words(of: Array("tutti pepper".utf8), made) else {
            unsafe EVP_MAC_CTX_free(made)
            return nil
        }
        unsafe keyed = made
        mark = UInt32(truncatingIfNeeded: own[0] >> 32)
    }

    deinit { unsafe EVP_MAC_CTX_free(keyed) }

    /// HMAC-SHA-256 of `text` under the pepper. About a microsecond; from any thread. `nil` only when there is no
    /// memory.
    public func hash(_ text: [UInt8]) -> KeyHash? {
        guard let words = unsafe Self.words(of: text, keyed) else { return nil }
        return KeyHash(mark: mark, words)
    }

    private static func words(of text: [UInt8], _ keyed: OpaquePointer) -> InlineArray<4, UInt64>? {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        var span = bytes.mutableSpan
        let isDone = unsafe span.withUnsafeMutableBufferPointer { result in
            unsafe text.withUnsafeBufferPointer { text in
                unsafe tutti_hmac_of(keyed, text.baseAddress, text.count, result.baseAddress)
            }
        }
        guard isDone != 0 else { return nil }
        var words = InlineArray<4, UInt64>(repeating: 0)
        for index in 0..<32 { words[index / 8] = words[index / 8] << 8 | UInt64(bytes[index]) }
        return words
    }
}
