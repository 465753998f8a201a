/// `data:` URLs that hold base64, as clients send images and files.
enum DataURL {
    /// The media type, which may be empty, and the base64 text as it is; `nil` for any other text.
    static func parts(of url: String) -> (mediaType: String, data: String)? {
        guard url.hasPrefix("data:"), let comma = url.firstIndex(of: ",") else { return nil }
        let head = url[..<comma].dropFirst("data:".count)
        guard head.hasSuffix(";base64") else { return nil }
        let mediaType = head.dropLast(";base64".count).prefix { $0 != ";" }
        return (String(mediaType), String(url[url.index(after: comma)...]))
    }

    static func make(mediaType: String, data: String) -> String { "data:\(mediaType);base64,\(data)" }

    /// O(n).
    static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        result.reserveCapacity((text.utf8.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            bits = bits << 8 | UInt32(byte)
            count += 1
            guard count == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { result.append(alphabet[Int(bits >> shift & 63)]) }
            (bits, count) = (0, 0)
        }
        if count > 0 {
            bits <<= UInt32(3 - count) * 8
            for shift in ([18, 12, 6] as [UInt32]).prefix(count + 1) {
                result.append(alphabet[Int(bits >> shift & 63)])
            }
            result += Array(repeating: UInt8(ascii: "="), count: 3 - count)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether a text is base64, padded or not, of at least one byte. O(n).
    static func isBase64(_ text: String) -> Bool {
        let bytes = text.utf8.span
        var count = bytes.count
        while count > 0, bytes[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let padding = bytes.count - count
        guard count > 0, padding <= 2, padding == 0 || bytes.count % 4 == 0, count % 4 != 1 else { return false }
        // Files are large: without a branch for each byte, several are looked at in one step.
        let letters = bytes.extracting(first: count)
        var strange: UInt8 = 0
        for index in 0..<letters.count {
            let byte = letters[index]
            let isLetter: UInt8 = (byte | 0x20) &- UInt8(ascii: "a") < 26 ? 1 : 0
            let isDigit: UInt8 = byte &- UInt8(ascii: "0") < 10 ? 1 : 0
            let isSign: UInt8 = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") ? 1 : 0
            strange |= (isLetter | isDigit | isSign) ^ 1
        }
        return strange == 0
    }
}
