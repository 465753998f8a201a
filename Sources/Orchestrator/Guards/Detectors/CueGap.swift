/// What stands between a cue and a number, which tells whether the one is said of the other: "phone number: 512…" and
/// "phone users: 512…" have the same cue. Letters of scripts that have no spaces between words count as marks.
struct CueGap {
    /// Whether there is nothing but marks and words such as "number" and "is".
    private(set) var isNamed = true
    /// Whether there are besides only words and numbers that may stand between a telephone and its number.
    private(set) var isDirect = true
    /// Whether the last word is one that leads to a number: "at", "is".
    private(set) var isLed = false
    private(set) var hasNumberWord = false
    /// Whether there are words that may be somebody's name, and may be other nouns.
    private(set) var hasNames = false
    /// Whether there are only spaces.
    private(set) var isBare = true
    /// How many digits: those of a telephone before, as in lists.
    private(set) var digits = 0

    init(_ range: Range<Int>, _ text: Span<UInt8>) {
        var isCounted = false
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = text[index]
            if byte != UInt8(ascii: " ") { isBare = false }
            if byte.isLetter || byte.opensLetter {
                // The letter of an escape in JSON text.
                if index > 0, text[index - 1] == UInt8(ascii: "\\") {
                    index += 1
                    continue
                }
                let isName = byte.isUpper
                let word = Self.word(&index, range.upperBound, text)
                take(word, isName: isName, &isCounted)
                continue
            }
            switch byte {
            case UInt8(ascii: "("):
                // What is added in brackets says nothing about the number: "phone (at work)".
                if let close = Self.close(index..<range.upperBound, text) {
                    index = close
                } else if index == range.lowerBound {
                    // A function's argument.
                    isDirect = false
                }
            case UInt8(ascii: "#"): hasNumberWord = true
            case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "|"): isNamed = false
            case UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "$"), UInt8(ascii: "%"):
                isNamed = false
                isDirect = false
            // A comparison; without a space before, the end of a tag.
            case UInt8(ascii: ">") where index > 0 && text[index - 1] == UInt8(ascii: " "): isDirect = false
            case _ where byte.isDigit:
                digits += 1
                isNamed = false
            default: break
            }
            index += 1
        }
        // "Phone 2", and "iPhone 15".
        if isCounted || (2..<7).contains(digits) {
            isDirect = false
            isLed = false
        }
    }

    private mutating func take(_ word: UInt64, isName: Bool, _ isCounted: inout Bool) {
        let says = Self.words[word] ?? []
        if says.contains(.counted) { isCounted = true }
        if says.contains(.number) { hasNumberWord = true }
        if says.isDisjoint(with: [.number, .copula]) { isNamed = false }
        isLed = !says.isDisjoint(with: [.number, .leading])
        guard !isLed, !says.contains(.between) else { return }
        if isName { hasNames = true } else { isDirect = false }
    }

    private static func close(_ range: Range<Int>, _ text: Span<UInt8>) -> Int? {
        range.first { text[$0] == UInt8(ascii: ")") }
    }

    /// The word's first eight bytes, in lower case where they are ASCII.
    private static func word(_ index: inout Int, _ end: Int, _ text: Span<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        var count = 0
        let start = index
        while index < end, text[index].isLetter || text[index].opensLetter || text[index].isContinuation {
            // `phoneNumberHome` has three words.
            if index > start, text[index].isUpper, !text[index - 1].isUpper { break }
            if count < 8 { word = word << 8 | UInt64(text[index].lowered) }
            count += 1
            index += 1
        }
        return word
    }

    private struct Says: OptionSet {
        let rawValue: UInt8
        static let number = Says(rawValue: 1)
        static let copula = Says(rawValue: 2)
        static let leading = Says(rawValue: 4)
        static let between = Says(rawValue: 8)
        static let counted = Says(rawValue: 16)
    }

    /// By the first eight bytes.
    private static let words: [UInt64: Says] = {
        var words: [UInt64: Says] = [:]
        for (says, list) in [
            (Says.number, number), (.copula, copula), (.leading, leading), (.between, between), (.counted, counted),
        ] {
            for word in list.split(separator: " ") {
                words[word.utf8.prefix(8).reduce(0) { $0 << 8 | UInt64($1.lowered) }, default: []].insert(says)
            }
        }
        return words
    }()

    private static let number = """
        number numbers num no nr nos nbr n id ids code nummer nummern numéro numero número numer номер номера номеру \
        numara numarası numarasi čísla číslo szám số
        """

    private static let copula = "is was are of the de del es est ist é è was er är value key a der die du und"

    /// With those of a copula they lead to a number.
    private static let leading = """
        at on is under via unter auf au aux al ao à para på es est ist è é er är op no numero по на pod na to by using \
        lautet são zu dial call with am
        """

    private static let between = """
        the a me us him her them my your our his their this that or and oder und ou et o y e i lub или и og och en of \
        home work office private business main direct line day evening emergency support service desk cell mobile \
        phone tel telephone contact free toll now today please anytime ext jest to das die der den dem sie ihn uns \
        mich mir an le la el il lo les los de del di da do dos a il w w nas nam meg mij ons je me mi mio mia mon ma \
        meu minha su nuestro notre votre for für für voor pour per por dla til mobil fax telefon portable casa ufficio \
        bureau büro biuro escritório для связи мой наш офис td th tr span b strong div dd dt li p br href value type \
        string number whatsapp sms text file listed only fixed personal customer client sales hotline helpline privat \
        privé fijo fisso fixe fixo nasz mój kom directly ring reach be can reached it
        """

    /// What is told of telephones and calls in numbers that are none.
    private static let counted = """
        count counts traffic users sales volume total totals duration revenue rate visits sessions minutes seconds \
        bytes time views records subscribers price cost costs size score population times people units sold started \
        ended ms aviv data timestamp epoch log logs id
        """
}
