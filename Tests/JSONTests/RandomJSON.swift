import Base
import JSON

/// Random values and random spellings of them, from a seed.
struct RandomJSON {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func value(depth: Int = 0) -> JSON {
        switch UInt64.random(in: 0..<(depth > 5 ? 6 : 8), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .int(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<63, using: &generator))
        case 3: return .uint(generator.next() | 1 << 63)
        case 4:
            let value = Double(bitPattern: generator.next())
            return .double(value.isFinite ? value : 0.1)
        case 5: return .string(string())
        case 6: return .array((0..<count()).map { _ in value(depth: depth + 1) })
        default: return .object((0..<count()).map { _ in JSON.Member(string(), value(depth: depth + 1)) })
        }
    }

    mutating func object() -> JSON {
        .object((0..<count()).map { _ in JSON.Member(string(), value(depth: 1)) })
    }

    mutating func count() -> Int { Int.random(in: 0..<6, using: &generator) }

    mutating func string() -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "\n", "\t", "\u{1}", "\u{1f}", "\u{7f}", "é", "\u{2027}", "\u{2028}", "\u{2029}", "😀",
            "/", "{",
            "}", "[", ",", ":", "\r", "\u{8}", "\u{c}", "\u{e000}", "\u{ffff}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<20, using: &generator) {
            text.unicodeScalars.append(scalars[Int.random(in: 0..<scalars.count, using: &generator)])
        }
        return text
    }

    mutating func space() -> String {
        ["", "", " ", "\n", "\t \r\n"][Int.random(in: 0..<5, using: &generator)]
    }

    /// The value with odd spacing and every character of its strings escaped at random.
    mutating func spelling(of value: JSON) -> String {
        switch value {
        case .array(let elements):
            space() + "[" + elements.map { spelling(of: $0) }.joined(separator: ",") + "]" + space()
        case .object(let members):
            space() + "{"
                + members.map { "\(space())\(spelling(ofString: $0.key))\(space()):\(spelling(of: $0.value))" }
                .joined(separator: ",") + (members.isEmpty ? space() : "") + "}" + space()
        case .string(let text): space() + spelling(ofString: text) + space()
        default: space() + String(decoding: value.bytes, as: UTF8.self) + space()
        }
    }

    mutating func spelling(ofString text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if mustEscape || Bool.random(using: &generator) {
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
