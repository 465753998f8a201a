/// Writes single values as YAML that reads back as the same text.
enum YAMLText {
    static func value(_ texts: [String], isList: Bool) -> String {
        isList ? "[\(texts.map(scalar).joined(separator: ", "))]" : scalar(texts.first ?? "")
    }

    /// Plain where that is safe, also inside `[ … ]`, else in double quotes.
    static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && !["null", "~"].contains(text) && text.utf8.allSatisfy(isPlain)
            && text.utf8.first.map { !"-:%@+~".utf8.contains($0) } ?? false
            && text.utf8.last != UInt8(ascii: ":")
        return isPlain ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}", "\u{feff}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - hex.utf8.count)) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "._/:-+@~%".utf8.contains(byte)
        }
    }
}
