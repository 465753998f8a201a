public import Base

/// How keys look: `tutti_`, 34 letters and digits by chance (202 bits), and 6 that follow from them, so that a slip of
/// the hand and a scanner's false alarm can be told from a key.
public enum KeyText {
    public static let prefix = "tutti_"
    /// How long any key may be, in bytes; also one that was made elsewhere.
    public static let lengths = 32...256

    private static let drawn = 34
    private static let checked = 6
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new key. The generator must be the system's.
    public static func make(using generator: inout some RandomNumberGenerator) -> Secret {
        var text = Array(prefix.utf8)
        // `next(upperBound:)` favours no digit.
        for _ in 0..<drawn { text.append(digits[Int(generator.next(upperBound: UInt(digits.count)))]) }
        text += check(text[...])
        return Secret(String(decoding: text, as: UTF8.self))
    }

    /// A sentence about what keeps `key` from being one; `nil` where nothing does. It quotes nothing of it.
    public static func problem(of key: Secret) -> String? {
        let text = Array(key.reveal().utf8)
        guard lengths.contains(text.count) else {
            return "A key has \(lengths.lowerBound) to \(lengths.upperBound) characters; this one has \(text.count)."
        }
        guard text.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return "A key is made of printable ASCII characters without spaces."
        }
        guard text.starts(with: prefix.utf8) else { return nil }
        let isWhole =
            text.count == prefix.utf8.count + drawn + checked
            && text.suffix(checked).elementsEqual(check(text.dropLast(checked)))
        return isWhole ? nil : "This begins as a key of Tutti's, but a part of it is missing or changed."
    }

    /// The last six digits: a CRC-32 of what is before them.
    private static func check(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var crc: UInt32 = 0xffff_ffff
        for byte in text {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        var rest = Int(~crc)
        var result: [UInt8] = []
        for _ in 0..<checked {
            result.append(digits[rest % digits.count])
            rest /= digits.count
        }
        return result.reversed()
    }
}
