/// How many bytes a match of a pattern has at least and at most, as far as its text tells: so nobody waits for more
/// than can come. Reads what it knows of RE2's syntax; anything else makes the length unknown, never wrong.
struct PatternLength: Equatable {
    var least: Int
    /// `nil` when there is no most, or none that is known.
    var most: Int?

    static let unknown = PatternLength(least: 0, most: nil)
    /// Deeper brackets are not looked into.
    private static let maxDepth = 20

    init(least: Int, most: Int?) {
        self.least = least
        self.most = most
    }

    init(of pattern: String) {
        var reader = Reader(pattern)
        self = reader.alternatives(depth: 0).flatMap { reader.isAtEnd ? $0 : nil } ?? .unknown
    }

    private func then(_ next: PatternLength) -> PatternLength {
        PatternLength(least: Self.bounded(least + next.least), most: sum(most, next.most))
    }

    private func or(_ other: PatternLength) -> PatternLength {
        PatternLength(least: min(least, other.least), most: zipped(most, other.most).map { max($0, $1) })
    }

    private func times(_ least: Int, _ most: Int?) -> PatternLength {
        PatternLength(
            least: Self.bounded(self.least * least),
            most: zipped(self.most, most).flatMap { Self.known($0 * $1) })
    }

    private func sum(_ left: Int?, _ right: Int?) -> Int? { zipped(left, right).flatMap { Self.known($0 + $1) } }
    private func zipped(_ left: Int?, _ right: Int?) -> (Int, Int)? {
        guard let left, let right else { return nil }
        return (left, right)
    }

    private static func known(_ length: Int) -> Int? { length <= 4096 ? length : nil }
    private static func bounded(_ length: Int) -> Int { min(length, 4096) }

    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var index = 0
        /// Capitals and small letters may have different lengths.
        private let foldsCase: Bool

        init(_ pattern: String) {
            scalars = Array(pattern.unicodeScalars)
            foldsCase = Self.foldsCase(scalars)
        }

        /// Whether there are flags that make small letters and capitals the same.
        private static func foldsCase(_ scalars: [Unicode.Scalar]) -> Bool {
            scalars.indices.dropLast().contains { index in
                guard scalars[index] == "(", scalars[index + 1] == "?" else { return false }
                return scalars[(index + 2)...].prefix { $0.properties.isAlphabetic || $0 == "-" }.contains("i")
            }
        }

        var isAtEnd: Bool { index == scalars.count }
        private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

        /// `nil` for what is not understood.
        mutating func alternatives(depth: Int) -> PatternLength? {
            guard depth < maxDepth, var length = sequence(depth) else { return nil }
            while current == "|" {
                index += 1
                guard let next = sequence(depth) else { return nil }
                length = length.or(next)
            }
            return length
        }

        private mutating func sequence(_ depth: Int) -> PatternLength? {
            var length = PatternLength(least: 0, most: 0)
            while let scalar = current, scalar != "|", scalar != ")" {
                guard let atom = atom(depth), let repeated = repeated(atom) else { return nil }
                length = length.then(repeated)
            }
            return length
        }

        private mutating func atom(_ depth: Int) -> PatternLength? {
            guard let scalar = current else { return nil }
            index += 1
            switch scalar {
            case "(": return group(depth)
            case "[": return characterClass()
            case "\\": return escape()
            case ".": return PatternLength(least: 1, most: 4)
            case "^", "$": return PatternLength(least: 0, most: 0)
            case "*", "+", "?": return nil
            default:
                let bytes = String(scalar).utf8.count
                return foldsCase ? PatternLength(least: 1, most: 4) : PatternLength(least: bytes, most: bytes)
            }
        }

        private mutating func group(_ depth: Int) -> PatternLength? {
            if current == "?" {
                // Flags and names, up to what is grouped; flags alone group nothing.
                while let scalar = current, scalar != ":", scalar != ">", scalar != ")" { index += 1 }
                guard let scalar = current else { return nil }
                index += 1
                if scalar == ")" { return PatternLength(least: 0, most: 0) }
            }
            guard let length = alternatives(depth: depth + 1), current == ")" else { return nil }
            index += 1
            return length
        }

        private mutating func characterClass() -> PatternLength? {
            // Of ASCII's characters alone, a match is a byte.
            var isASCII = !foldsCase && current != "^"
            if current == "^" { index += 1 }
            if current == "]" { index += 1 }
            while let scalar = current, scalar != "]" {
                // `[:alpha:]` has a bracket of its own.
                guard scalar != "[" else { return nil }
                index += 1
                if !scalar.isASCII { isASCII = false }
                guard scalar == "\\", let escaped = current else { continue }
                // Of letters only these are known to name a few; digits may be numbers of characters.
                switch escaped {
                case "d", "w", "s", "n", "r", "t": break
                case "0"..."9", "a"..."z", "A"..."Z": isASCII = false
                default: isASCII = isASCII && escaped.isASCII
                }
                index += 1
            }
            guard current == "]" else { return nil }
            index += 1
            return PatternLength(least: 1, most: isASCII ? 1 : 4)
        }

        private mutating func escape() -> PatternLength? {
            guard let scalar = current else { return nil }
            index += 1
            switch scalar {
            case "d", "D", "w", "W", "s", "S":
                return PatternLength(least: 1, most: scalar.properties.isUppercase ? 4 : 1)
            case "b", "B", "A", "z": return PatternLength(least: 0, most: 0)
            case "n", "r", "t", "f", "v", "a": return PatternLength(least: 1, most: 1)
            // Properties, numbers, quotes and the rest.
            case "0"..."9", "a"..."z", "A"..."Z": return nil
            default: return PatternLength(least: 1, most: scalar.isASCII ? 1 : 4)
            }
        }

        private mutating func repeated(_ atom: PatternLength) -> PatternLength? {
            var length = atom
            while let scalar = current {
                switch scalar {
                case "*": length = length.times(0, nil)
                case "+": length = length.times(1, nil)
                case "?": length = length.times(0, 1)
                case "{":
                    guard let bounds = counts() else { return nil }
                    length = length.times(bounds.least, bounds.most)
                    continue
                default: return length
                }
                index += 1
            }
            return length
        }

        /// `{2}`, `{2,}`, `{2,3}`. A brace that opens anything else stands for itself; who knows.
        private mutating func counts() -> (least: Int, most: Int?)? {
            guard let end = scalars[index...].firstIndex(of: "}") else { return nil }
            let text = String(String.UnicodeScalarView(scalars[(index + 1)..<end]))
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count <= 2, let least = parts[0], (0...1000).contains(least) else { return nil }
            guard parts.count == 2 else {
                index = end + 1
                return (least, least)
            }
            guard text.hasSuffix(",") || parts[1].map({ (least...1000).contains($0) }) == true else { return nil }
            index = end + 1
            return (least, parts[1])
        }
    }
}
