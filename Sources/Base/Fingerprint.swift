/// A hash that is the same in every process (FNV-1a with 64 bits), unlike `Hasher`. Not for what an adversary chooses.
/// O(bytes added).
public struct Fingerprint: Sendable {
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    public init() {}

    /// With a mark behind it, so that no text runs into the next.
    public mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte: byte) }
        add(byte: 0xff)
    }

    /// With their number before them, so that no list runs into the next.
    public mutating func add(_ numbers: [Int]) {
        add(UInt64(numbers.count))
        for number in numbers { add(UInt64(bitPattern: Int64(number))) }
    }

    public mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private mutating func add(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
