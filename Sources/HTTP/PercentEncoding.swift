/// Percent-encoding of RFC 3986 §2.1.
public enum PercentEncoding {
    /// The text with every `%XX` replaced by its byte. What is not two hexadecimal digits stays as it is, and bytes
    /// that are not UTF-8 become U+FFFD: for values that are looked up, never for deciding on a route.
    public static func decoded(_ text: String) -> String {
        let utf8 = Array(text.utf8)
        guard utf8.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        var index = 0
        while index < utf8.count {
            if utf8[index] == UInt8(ascii: "%"), index + 2 < utf8.count,
                let high = ByteClass.hexDigit(utf8[index + 1]), let low = ByteClass.hexDigit(utf8[index + 2])
            {
                bytes.append(UInt8(high << 4 | low))
                index += 3
            } else {
                bytes.append(utf8[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
