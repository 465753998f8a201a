/// A word before a number that says what the number is. Asked only where the digits alone could be several things.
struct Cue {
    enum Kind {
        /// A telephone: a word that is said of nothing else, a verb, a word that is said of other things, too.
        case phone, phoneVerb, phoneHint
        case card, social
        /// Something that is counted or numbered: an order, a book, a part.
        case thing
        /// What has a number of its own, an account for one. Who says "id" may mean a number of social security.
        case identity
        /// Somebody who may have any number, and becomes an identity by "number" or "id" behind it.
        case party
    }

    var kind: Kind
    /// What stands between the word and the number.
    var gap: CueGap

    /// How far back is looked, in bytes, and no further than the line's beginning.
    static let reach = 48

    /// The nearest one that is accepted.
    static func nearest(before start: Int, _ text: Span<UInt8>, where isAccepted: (Cue) -> Bool) -> Cue? {
        var index = start - 1
        let end = max(0, start - reach)
        let opens = CueWord.opens.span
        while index >= end {
            let byte = text[index]
            if byte == UInt8(ascii: "\n") { return nil }
            let isOpen = opens[Int(byte)]
            if isOpen & 2 != 0,
                let cue = cue(in: CueWord.endings[Int(byte.lowered)], at: index, before: start, text, isAccepted)
            {
                return cue
            }
            if isOpen & 1 != 0, CueWord.begins(at: index, text),
                let cue = cue(in: CueWord.words[Int(byte.lowered)], at: index, before: start, text, isAccepted)
            {
                return cue
            }
            index -= 1
        }
        return nil
    }

    private static func cue(
        in words: [CueWord], at index: Int, before start: Int, _ text: Span<UInt8>, _ isAccepted: (Cue) -> Bool
    ) -> Cue? {
        for word in words {
            guard let behind = word.end(at: index, before: start, text) else { continue }
            let gap = CueGap(behind..<start, text)
            let isNumbered = word.kind == .party && (gap.hasNumberWord || CueWord.endsInNumber(behind, text))
            let cue = Cue(kind: isNumbered ? .identity : word.kind, gap: gap)
            if isAccepted(cue) { return cue }
        }
        return nil
    }

    /// Of words for a telephone; the others say nothing of one.
    var isPhone: Bool { kind == .phone || kind == .phoneVerb || kind == .phoneHint }

    /// Whether it says that a number that could be a telephone's is another one.
    var isNoPhone: Bool {
        switch kind {
        case .thing, .identity, .card, .social: gap.isNamed
        case .party, .phone, .phoneVerb, .phoneHint: false
        }
    }
}

extension UInt8 {
    var lowered: UInt8 { isUpper ? self | 0x20 : self }
}
