/// Rewrites the regular expressions of JSON schemas, which are ECMA-262's with the flag `u`, in the syntax of RE2 so
/// that they mean the same there.
struct ECMAPattern {
    /// `nil` for what RE2 cannot do, would read otherwise, or is no pattern. What is left for RE2 to refuse are
    /// parentheses and quantifiers that don't fit.
    static func translated(_ pattern: String) -> String? {
        var translation = ECMAPattern(pattern)
        return translation.translate() ? translation.output : nil
    }

    /// White space and line ends: what is named here and Unicode's category Zs, written out since RE2 reads a property
    /// slowly.
    private static let space =
        #"\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"#

    /// By scalars: a `Character` may hold a sign of the syntax together with a mark that follows it.
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var output = ""

    private init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        index + offset < scalars.count ? scalars[index + offset] : nil
    }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek() else { return nil }
        index += 1
        return scalar
    }

    /// Whether it stood there, and is read now.
    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek() == scalar else { return false }
        index += 1
        return true
    }

    private mutating func translate() -> Bool {
        while let scalar = next() {
            let read =
                switch scalar {
                case ".": write(#"[^\n\r\x{2028}\x{2029}]"#)
                case "(": group()
                case "[": characterClass()
                case "\\": escape()
                default: write(scalar)
                }
            guard read else { return false }
        }
        return true
    }

    private mutating func write(_ text: String) -> Bool {
        output += text
        return true
    }

    private mutating func write(_ scalar: Unicode.Scalar) -> Bool {
        output.unicodeScalars.append(scalar)
        return true
    }

    private mutating func group() -> Bool {
        guard take("?") else { return write("(") }
        if take(":") { return write("(?:") }
        // `(?<=` and `(?<!` look behind.
        guard take("<"), peek() != "=", peek() != "!" else { return false }
        return write("(?P<")
    }

    private mutating func escape() -> Bool {
        switch peek() {
        case "s": write("[\(Self.space)]") && next() != nil
        case "S": write("[^\(Self.space)]") && next() != nil
        case "b": write(#"\b"#) && next() != nil
        case "B": write(#"\B"#) && next() != nil
        default:
            switch escapedAtom() {
            case .one(let text), .set(let text): write(text)
            case nil: false
            }
        }
    }
}

// Classes of characters.
extension ECMAPattern {
    /// What a class consists of. Only single characters may be the ends of a range.
    private enum Atom {
        case one(String)
        case set(String)
    }

    private mutating func characterClass() -> Bool {
        output += take("^") ? "[^" : "["
        // Empty ones match nothing or everything, which RE2 cannot say so: it takes the `]` for a member.
        guard peek() != "]" else { return false }
        while !take("]") {
            guard let lower = classAtom() else { return false }
            guard peek() == "-", peek(1) != "]" else {
                switch lower {
                case .one(let text), .set(let text): output += text
                }
                continue
            }
            index += 1
            guard case .one(let from) = lower, case .one(let to)? = classAtom() else { return false }
            output += "\(from)-\(to)"
        }
        output += "]"
        return true
    }

    private mutating func classAtom() -> Atom? {
        switch next() {
        case nil: return nil
        case "\\": break
        // RE2 knows POSIX's `[[:alpha:]]`; who writes it hardly means these characters.
        case "[": return peek() == ":" ? nil : .one(#"\["#)
        case "-": return .one(#"\-"#)
        case "^": return .one(#"\^"#)
        case let scalar?: return .one(String(scalar))
        }
        if take("s") { return .set(Self.space) }
        // A backspace here.
        if take("b") { return .one(#"\x{8}"#) }
        return escapedAtom()
    }

    /// What means the same in a class and outside, after its backslash.
    private mutating func escapedAtom() -> Atom? {
        guard let scalar = next() else { return nil }
        switch scalar {
        case "d", "D", "w", "W": return .set("\\\(scalar)")
        case "t", "n", "v", "f", "r": return .one("\\\(scalar)")
        case "p", "P": return property(scalar)
        case "x": return hexadecimal(digits: 2).map(Self.character)
        case "u": return codePoint()
        case "_": return .one("_")
        case " "..."~" where !scalar.properties.isAlphabetic && scalar.properties.numericType == nil:
            return .one("\\\(scalar)")
        default: return nil
        }
    }

    /// General categories. RE2 names scripts otherwise and knows no other properties.
    private mutating func property(_ letter: Unicode.Scalar) -> Atom? {
        guard take("{") else { return nil }
        var name = ""
        while let scalar = next(), scalar != "}" {
            guard scalar.isASCII, scalar.properties.isAlphabetic || scalar == "_" else { return nil }
            name.unicodeScalars.append(scalar)
        }
        guard !name.isEmpty, scalars[index - 1] == "}" else { return nil }
        return .set("\\\(letter){\(name)}")
    }
}

// Characters by number.
extension ECMAPattern {
    private static func character(_ scalar: Unicode.Scalar) -> Atom {
        .one("\\x{" + String(scalar.value, radix: 16) + "}")
    }

    private mutating func codePoint() -> Atom? {
        if take("{") {
            var value: UInt32 = 0
            let start = index
            while let digit = peek()?.hexadecimalValue {
                value = value * 16 + digit
                guard value <= 0x10ffff else { return nil }
                index += 1
            }
            guard index > start, take("}") else { return nil }
            return Unicode.Scalar(value).map(Self.character)
        }
        guard let unit = unit(digits: 4) else { return nil }
        guard 0xd800...0xdbff ~= unit else { return Unicode.Scalar(unit).map(Self.character) }
        // Two halves are one character, one of them is none.
        guard take("\\"), take("u"), let low = self.unit(digits: 4), 0xdc00...0xdfff ~= low else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)).map(Self.character)
    }

    private mutating func hexadecimal(digits: Int) -> Unicode.Scalar? {
        unit(digits: digits).flatMap(Unicode.Scalar.init)
    }

    private mutating func unit(digits: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = next()?.hexadecimalValue else { return nil }
            value = value * 16 + digit
        }
        return value
    }
}

extension Unicode.Scalar {
    fileprivate var hexadecimalValue: UInt32? {
        switch self {
        case "0"..."9": value - 0x30
        case "a"..."f": value - 0x61 + 10
        case "A"..."F": value - 0x41 + 10
        default: nil
        }
    }
}
