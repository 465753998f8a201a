// Ownership: the string's own storage is lent for the length of one closure, which fills exactly what it was given;
// no pointer leaves it.

/// Hexadecimal text of a known length, written straight into its string: ids are made several times a request.
enum HexText {
    /// Sixteen lower-case digits.
    static func digits(_ word: UInt64) -> String { digits(word, nil) }

    /// Thirty-two lower-case digits.
    static func digits(_ high: UInt64, _ low: UInt64?) -> String {
        let count = low == nil ? 16 : 32
        return unsafe String(unsafeUninitializedCapacity: count) { text in
            unsafe put(high, into: text, at: 0)
            if let low { unsafe put(low, into: text, at: 16) }
            return count
        }
    }

    /// `prefix`, then a UUID in its usual form.
    static func uuid(prefix: String, _ high: UInt64, _ low: UInt64) -> String {
        let prefix = prefix.utf8
        let count = prefix.count + 36
        return unsafe String(unsafeUninitializedCapacity: count) { text in
            var place = 0
            for byte in prefix {
                unsafe text[place] = byte
                place += 1
            }
            // 8-4-4-4-12: each group is written with what follows it, which the next one then overwrites.
            unsafe put(high, into: text, at: place)
            unsafe put(high << 32, into: text, at: place + 9, count: 4)
            unsafe put(high << 48, into: text, at: place + 14, count: 4)
            unsafe put(low, into: text, at: place + 19, count: 4)
            unsafe put(low << 16, into: text, at: place + 24, count: 12)
            for dash in [8, 13, 18, 23] { unsafe text[place + dash] = UInt8(ascii: "-") }
            return count
        }
    }

    private static func put(
        _ word: UInt64, into text: UnsafeMutableBufferPointer<UInt8>, at place: Int, count: Int = 16
    ) {
        var (digits, rest) = (eight(word &>> 32), eight(word & 0xffff_ffff))
        for index in 0..<count {
            if index == 8 { swap(&digits, &rest) }
            unsafe text[place + index] = UInt8(truncatingIfNeeded: digits)
            digits &>>= 8
        }
    }

    /// The eight digits of 32 bits at once, the first in the lowest byte.
    private static func eight(_ half: UInt64) -> UInt64 {
        // Each nibble into a byte of its own, then to a letter where it is above 9.
        var bytes = half &>> 16 | (half & 0xffff) &<< 32
        bytes = (bytes &>> 8 | bytes &<< 16) & 0x00ff_00ff_00ff_00ff
        bytes = (bytes &>> 4 | bytes &<< 8) & 0x0f0f_0f0f_0f0f_0f0f
        let letters = ((bytes &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return bytes &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }
}
