import JSON

/// JSON for readers: a member a line, short values on one.
enum IndentedJSON {
    private static let width = 110

    static func text(_ value: JSON) -> String { text(value, depth: 0) + "\n" }

    /// As deep as the value, which is ours.
    private static func text(_ value: JSON, depth: Int) -> String {
        let short = String(decoding: value.bytes, as: UTF8.self)
        if short.count + depth * 2 <= width { return short }
        let (open, close, parts): (String, String, [String])
        switch value {
        case .object(let members):
            (open, close) = ("{", "}")
            parts = members.map {
                "\(String(decoding: JSON.string($0.key).bytes, as: UTF8.self)): \(text($0.value, depth: depth + 1))"
            }
        case .array(let elements):
            (open, close) = ("[", "]")
            parts = elements.map { text($0, depth: depth + 1) }
        default: return short
        }
        let indent = String(repeating: "  ", count: depth + 1)
        let body = parts.map { indent + $0 }.joined(separator: ",\n")
        return "\(open)\n\(body)\n\(String(indent.dropLast(2)))\(close)"
    }
}
