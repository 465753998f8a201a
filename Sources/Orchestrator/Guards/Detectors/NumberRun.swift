/// Digits in groups, with what may stand between the groups of one number: spaces, a hyphen, a point, a slash, brackets.
struct NumberRun {
    enum Separator: UInt8 {
        /// Only brackets.
        case nothing, space, hyphen, point, slash
    }

    struct Group {
        var start = 0
        var end = 0
        /// What stands before it.
        var separator = Separator.nothing
        var isBracketed = false

        var count: Int { end - start }
    }

    static let maxGroups = 10
    static let maxDigits = 24

    /// Where it begins, with the plus or the bracket.
    let start: Int
    let hasPlus: Bool
    /// Whether a `#` stands before it, as before what is counted.
    let isMarked: Bool
    private(set) var groups = InlineArray<10, Group>(repeating: Group())
    private(set) var count = 0
    private(set) var digits = 0

    /// Reads on from a digit, a plus or an opening bracket. `nil` when there is no digit, or when a bracket is open that
    /// does not belong to the first group.
    init?(at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) {
        self.start = start
        isMarked = text.before(start) == UInt8(ascii: "#")
        var index = start
        var isOpen = false
        if text[index] == UInt8(ascii: "(") {
            isOpen = true
            index += 1
        }
        hasPlus = probe.byte(index, text) == UInt8(ascii: "+")
        if hasPlus { index += 1 }
        var separator = Separator.nothing
        while count < Self.maxGroups {
            let begin = index
            while probe.byte(index, text).isDigit {
                index += 1
                digits += 1
                // More digits than any number that is looked for.
                if digits > Self.maxDigits { break }
            }
            guard index > begin, digits <= Self.maxDigits else { break }
            var group = Group(start: begin, end: index, separator: separator)
            if isOpen {
                guard probe.byte(index, text) == UInt8(ascii: ")") else { break }
                group.isBracketed = true
                index += 1
            }
            groups[count] = group
            count += 1
            guard let next = Self.next(from: index, text, &probe) else { break }
            separator = next.separator
            isOpen = next.isOpen
            index = next.index
            if separator == .nothing, !group.isBracketed, !isOpen { break }
        }
        if count == 0 { return nil }
    }

    /// Over what stands between two groups: a mark with a space on each side at most, and a bracket.
    private static func next(
        from start: Int, _ text: Span<UInt8>, _ probe: inout Probe
    ) -> (index: Int, separator: Separator, isOpen: Bool)? {
        var separator = Separator.nothing
        var index = start
        let before = space(index, text, &probe)
        index += before
        if before > 0 { separator = .space }
        switch probe.byte(index, text) {
        case UInt8(ascii: "-"):
            separator = .hyphen
            index += 1
        case UInt8(ascii: "."):
            separator = .point
            index += 1
        case UInt8(ascii: "/"):
            separator = .slash
            index += 1
        case 0xE2 where before == 0:
            // The hyphen that does not break, and the dash that stands for one.
            guard probe.byte(index + 1, text) == 0x80, [0x90, 0x91, 0x93].contains(probe.byte(index + 2, text))
            else { return nil }
            separator = .hyphen
            index += 3
        default: break
        }
        if separator != .space, separator != .nothing {
            let after = space(index, text, &probe)
            // A point before a space ends a sentence.
            guard after == 0 || (before > 0 && separator != .point) else { return nil }
            index += after
        }
        let isOpen = probe.byte(index, text) == UInt8(ascii: "(")
        if isOpen { index += 1 }
        return probe.byte(index, text).isDigit ? (index, separator, isOpen) : nil
    }

    /// How many bytes the space there has.
    private static func space(_ index: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Int {
        switch probe.byte(index, text) {
        case UInt8(ascii: " "): 1
        case 0xC2: probe.byte(index + 1, text) == 0xA0 ? 2 : 0
        case 0xE2:
            probe.byte(index + 1, text) == 0x80 && [0x89, 0xAF].contains(probe.byte(index + 2, text)) ? 3 : 0
        default: 0
        }
    }

    /// Behind the first `count` groups.
    func end(of count: Int) -> Int { groups[count - 1].end + (groups[count - 1].isBracketed ? 1 : 0) }

    func digits(of count: Int) -> Int { (0..<count).reduce(0) { $0 + groups[$1].count } }

    /// Whether these are the lengths of the first groups.
    func hasLengths(_ lengths: [Int], first count: Int) -> Bool {
        count == lengths.count && lengths.indices.allSatisfy { groups[$0].count == lengths[$0] }
    }

    /// Whether one and the same of these stands between the first groups, and no brackets.
    func isUniform(first count: Int, _ allowed: [Separator]) -> Bool {
        guard !groups[0].isBracketed, !hasPlus, count > 1 else { return !groups[0].isBracketed && !hasPlus }
        let separator = groups[1].separator
        guard allowed.contains(separator) else { return false }
        return (1..<count).allSatisfy { groups[$0].separator == separator && !groups[$0].isBracketed }
    }

    /// Whether nothing but spaces stands between the first groups.
    func isSpaced(first count: Int) -> Bool {
        (1..<max(count, 1)).allSatisfy { groups[$0].separator == .space }
            && !(0..<count).contains { groups[$0].isBracketed }
    }

    /// Whether the first groups, with spaces between, follow upon other digits as in a row of numbers.
    func isInRow(first count: Int, _ text: Span<UInt8>) -> Bool {
        count > 1 && start > 1 && isSpaced(first: count) && text[start - 1] == UInt8(ascii: " ")
            && text[start - 2].isDigit
    }

    /// Whether the first groups are round numbers: `800-900-1000`.
    func isRound(first count: Int, zeros: Int, _ text: Span<UInt8>) -> Bool {
        (0..<count).allSatisfy { place in
            let group = groups[place]
            return group.count > zeros && (1...zeros).allSatisfy { text[group.end - $0] == 0x30 }
        }
    }

    /// Whether a further group follows as the first ones do upon each other.
    func goesOn(behind count: Int) -> Bool {
        guard count > 1, self.count > count else { return false }
        return groups[count].separator == groups[count - 1].separator
    }

    /// Whether what follows the first groups leaves them a number of their own.
    func isBounded(_ count: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Bool {
        let end = end(of: count)
        switch probe.byte(end, text) {
        case UInt8(ascii: "-"), UInt8(ascii: "/"): return !probe.byte(end + 1, text).isWord
        case UInt8(ascii: "."), UInt8(ascii: ":"): return !probe.byte(end + 1, text).isDigit
        case UInt8(ascii: "x"), UInt8(ascii: "X"): return probe.byte(end + 1, text).isDigit
        case UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "("): return false
        case let byte: return !byte.isWord
        }
    }

    /// Whether a number may begin at the digit, plus or bracket there: not within a word, another number, a path, a price.
    static func mayBegin(at index: Int, _ text: Span<UInt8>) -> Bool {
        let before = text.before(index)
        let second = index > 1 ? text[index - 2] : 0
        switch before {
        case UInt8(ascii: "."): return !(second.isDigit && text[index].isDigit)
        case UInt8(ascii: ":"): return !(second.isDigit && text[index].isDigit)
        case UInt8(ascii: "-"), UInt8(ascii: "/"): return !second.isWord && second != UInt8(ascii: "/")
        case UInt8(ascii: "$"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "%"): return false
        // `€` and `£`.
        case 0xAC: return !(index > 2 && second == 0x82 && text[index - 3] == 0xE2)
        case 0xA3: return second != 0xC2
        default: return !before.isWord
        }
    }
}
