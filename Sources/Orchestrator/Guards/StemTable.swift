/// In which of up to 64 patterns a text is worth searching for, by the bytes with which its words begin: one look at the text
/// for all of them.
struct StemTable: Sendable {
    /// How many groups of stems a pattern may have.
    static let maxGroups = 2
    /// In bits.
    private static let size = 10

    /// An open hash of stems: up to four bytes, the first in the highest. 0 where there is none.
    private var stems = [UInt32](repeating: 0, count: 1 << size)
    /// For which patterns each of them speaks, a bit each, group by group.
    private var masks = [UInt64](repeating: 0, count: maxGroups << size)
    private var count = 0
    /// With which two bytes any of them begins, about.
    private var beginnings = [UInt64](repeating: 0, count: 64)
    /// The patterns that have no such group.
    private var free = [UInt64](repeating: .max, count: maxGroups)

    /// `stems`: see ``InjectionPatterns``. `false`, and nothing that can be relied on, where they do not fit.
    mutating func add(_ stems: String, pattern: Int) -> Bool {
        let groups = Self.groups(of: stems)
        guard pattern < 64, 1...Self.maxGroups ~= groups.count else { return false }
        for (group, words) in groups.enumerated() {
            free[group] &= ~(1 << UInt64(pattern))
            for word in words {
                // Of one byte it would never be found.
                guard word & 0x00FF_0000 != 0, let place = place(of: word) else { return false }
                let bit = Self.beginning(UInt8(truncatingIfNeeded: word >> 24), UInt8(truncatingIfNeeded: word >> 16))
                beginnings[bit >> 6] |= 1 << UInt64(bit & 63)
                self.stems[place] = word
                masks[place * Self.maxGroups + group] |= 1 << UInt64(pattern)
            }
        }
        return true
    }

    private static func groups(of stems: String) -> [[UInt32]] {
        stems.split(separator: " & ").map { group in
            group.split(separator: " ").map { stem in
                let bytes = stem.utf8.prefix(4).map { $0 == UInt8(ascii: "_") ? 0x20 : $0 }
                return (bytes + [0, 0, 0, 0]).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
            }
        }
    }

    /// Where the stem is, or may be put; `nil` when the table is half full.
    private mutating func place(of stem: UInt32) -> Int? {
        var place = Self.first(stem)
        while stems[place] != 0, stems[place] != stem { place = (place + 1) & (1 << Self.size - 1) }
        guard stems[place] == 0 else { return place }
        guard count < 1 << (Self.size - 1) else { return nil }
        count += 1
        return place
    }

    private static func beginning(_ first: UInt8, _ second: UInt8) -> Int { (Int(first) << 6 ^ Int(second)) & 0xFFF }

    private static func first(_ stem: UInt32) -> Int { Int((stem &* 0x9E37_79B1) >> UInt32(32 - size)) }

    /// What each byte is to a word: 1 where it is a letter or a digit, 2 where no word begins with it.
    private static let kinds: [UInt8] = (0...255).map { (byte: UInt8) -> UInt8 in
        (byte.isAlphanumeric ? 1 : 0) | (byte == 0x20 || byte.isContinuation ? 2 : 0)
    }

    /// A bit for each pattern of which every group has a stem in the text.
    func patterns(in text: Span<UInt8>) -> UInt64 {
        let (kinds, beginnings) = (Self.kinds.span, beginnings.span)
        var found = (free[0], free[1])
        var before: UInt8 = 0
        for index in 0..<text.count {
            let byte = text[index]
            let kind = kinds[Int(byte)]
            let isPassed = kind & (before | 2) != 0
            before = kind
            if isPassed { continue }
            let bit = Self.beginning(byte, index + 1 < text.count ? text[index + 1] : 0)
            guard beginnings[bit >> 6] >> UInt64(bit & 63) & 1 == 1 else { continue }
            look(at: index, in: text, &found)
        }
        return found.0 & found.1
    }

    /// Adds the patterns for which the word speaks that begins there.
    private func look(at index: Int, in text: Span<UInt8>, _ found: inout (UInt64, UInt64)) {
        let (stems, masks) = (stems.span, masks.span)
        var word = UInt32(text[index]) << 24
        for next in 1..<4 where index + next < text.count {
            word |= UInt32(text[index + next]) << UInt32(24 - 8 * next)
        }
        // As stems of four bytes, of three, and of two.
        for length in 0..<3 {
            let stem = word & (UInt32.max << UInt32(8 * length))
            var place = Self.first(stem)
            while stems[place] != 0, stems[place] != stem { place = (place + 1) & (1 << Self.size - 1) }
            guard stems[place] != 0 else { continue }
            found.0 |= masks[place * Self.maxGroups]
            found.1 |= masks[place * Self.maxGroups + 1]
        }
    }
}
