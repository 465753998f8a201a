/// `${NAME}` in the values of a configuration file.
enum VariableReference {
    /// A value with its references replaced.
    struct Expansion: Equatable {
        var text = ""
        /// The names that were found, in order.
        var names: [String] = []
        /// Those of them that the environment does not set, or sets to nothing.
        var unset: [String] = []
        /// A `${` that is not followed by a name and `}`.
        var isMalformed = false
    }

    // Inside `{ … }` YAML ends a plain value at a brace, so `{ api_key: ${X} }` would need quotes. The braces of a
    // reference are therefore exchanged before YAML sees them, one character for one, so that columns stay true.
    private static let opening: Unicode.Scalar = "\u{e000}"
    private static let closing: Unicode.Scalar = "\u{e001}"

    /// The text with the braces of every reference exchanged for characters that mean nothing to YAML.
    static func shield(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "$")) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 64)
        var index = 0
        while index < text.count {
            if let end = reference(in: text, at: index) {
                result.append(UInt8(ascii: "$"))
                result.append(contentsOf: Character(opening).utf8)
                result.append(contentsOf: text[(index + 2)..<end])
                result.append(contentsOf: Character(closing).utf8)
                index = end + 1
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    static func unshield(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.contains(opening) || scalars.contains(closing) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in scalars {
            result.append(scalar == opening ? "{" : scalar == closing ? "}" : scalar)
        }
        return String(result)
    }

    /// Replaces every reference; `$${` stands for a literal `${`. One pass: what a variable holds is not expanded.
    static func expand(_ value: String, from environment: [String: String]) -> Expansion {
        guard value.utf8.contains(UInt8(ascii: "$")) else { return Expansion(text: value) }
        let text = Array(value.utf8)
        var result: [UInt8] = []
        var expansion = Expansion()
        var index = 0
        while index < text.count {
            if text[index...].starts(with: "$${".utf8) {
                result.append(contentsOf: "${".utf8)
                index += 3
            } else if let end = reference(in: text, at: index) {
                let name = String(decoding: text[(index + 2)..<end], as: UTF8.self)
                let found = environment[name] ?? ""
                expansion.names.append(name)
                if found.isEmpty { expansion.unset.append(name) }
                result.append(contentsOf: found.utf8)
                index = end + 1
            } else {
                if text[index...].starts(with: "${".utf8) { expansion.isMalformed = true }
                result.append(text[index])
                index += 1
            }
        }
        expansion.text = String(decoding: result, as: UTF8.self)
        return expansion
    }

    /// A sentence about variables that nobody sets.
    static func unsetText(_ names: [String]) -> String {
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        let verb = names.count > 1 ? "are" : "is"
        return "\(names.prefix(3).joined(separator: ", "))\(more) \(verb) not set in the environment."
    }

    /// Where the reference that starts at `start` has its closing brace; names are `[A-Za-z_][A-Za-z0-9_]{0,127}`.
    private static func reference(in text: [UInt8], at start: Int) -> Int? {
        guard start + 2 < text.count, text[start] == UInt8(ascii: "$"), text[start + 1] == UInt8(ascii: "{") else {
            return nil
        }
        var index = start + 2
        while index < text.count, index - start <= 130 {
            let byte = text[index]
            if byte == UInt8(ascii: "}") { return index > start + 2 ? index : nil }
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            guard byte == UInt8(ascii: "_") || isLetter || isDigit && index > start + 2 else { return nil }
            index += 1
        }
        return nil
    }
}
