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
            unsafe put(eight(high &>> 32), into: text, at: 0)
            unsafe put(eight(high & 0xffff_ffff), into: text, at: 8)
            if let low {
                unsafe put(eight(low &>> 32), into: text, at: 16)
                unsafe put(eight(low & 0xffff_ffff), into: text, at: 24)
            }
            return count
        }
    }

    /// `prefix`, then a UUID in its usual form.
    static func uuid(prefix: String, _ high: UInt64, _ low: UInt64) -> String {
        let prefix = prefix.utf8
        let (a, b) = (eight(high &>> 32), eight(high & 0xffff_ffff))
        let (c, d) = (eight(low &>> 32), eight(low & 0xffff_ffff))
        return unsafe String(unsafeUninitializedCapacity: prefix.count + 36) { text in
            let bytes = prefix.span
            for place in 0..<bytes.count { unsafe text[place] = bytes[place] }
            let start = bytes.count
            // 8-4-4-4-12
            unsafe put(a, into: text, at: start)
            unsafe put(UInt32(truncatingIfNeeded: b), into: text, at: start + 9)
            unsafe put(UInt32(truncatingIfNeeded: b &>> 32), into: text, at: start + 14)
            unsafe put(UInt32(truncatingIfNeeded: c), into: text, at: start + 19)
            unsafe put(UInt32(truncatingIfNeeded: c &>> 32), into: text, at: start + 24)
            unsafe put(d, into: text, at: start + 28)
            unsafe text[start + 8] = UInt8(ascii: "-")
            unsafe text[start + 13] = UInt8(ascii: "-")
            unsafe text[start + 18] = UInt8(ascii: "-")
            unsafe text[start + 23] = UInt8(ascii: "-")
            return start + 36
        }
    }

    /// Four or eight digits, the first in the lowest byte.
    private static func put(
        _ digits: some FixedWidthInteger, into text: UnsafeMutableBufferPointer<UInt8>, at place: Int
    ) {
        unsafe UnsafeMutableRawBufferPointer(text).storeBytes(
            of: digits.littleEndian, toByteOffset: place, as: type(of: digits))
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
