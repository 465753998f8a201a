// Ownership: the bytes are lent for the call, which writes its result into a buffer of this function's own.
internal import COpenSSL

/// SHA-256, for identities that must be the same in every process and that nobody can make collide.
public enum SHA256 {
    /// As 64 lower-case hexadecimal digits. About half a microsecond, and a microsecond for a kilobyte; from any thread.
    public static func hex(of bytes: [UInt8]) -> String {
        var hash = InlineArray<32, UInt8>(repeating: 0)
        var span = hash.mutableSpan
        unsafe span.withUnsafeMutableBufferPointer { hash in
            unsafe bytes.withUnsafeBufferPointer { bytes in
                // Its only result is the buffer that it was given, of the 32 bytes that it fills.
                _ = unsafe COpenSSL.SHA256(bytes.baseAddress, bytes.count, hash.baseAddress)
            }
        }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for index in 0..<32 {
            text.append(digits[Int(hash[index] >> 4)])
            text.append(digits[Int(hash[index] & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
