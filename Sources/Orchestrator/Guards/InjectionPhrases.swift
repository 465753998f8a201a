internal import Base

/// The phrases of injections, ready to be looked for.
struct InjectionPhrases: Sendable {
    private struct Phrase: Sendable {
        let signal: InjectionSignals.Signal
        let expression: RegularExpression
        /// Whether it says nothing without a long run of digits.
        let needsDigits: Bool
    }

    static let all = InjectionPhrases()

    private var phrases: [Phrase] = []
    private var stems = StemTable()

    private init() {
        for (signal, patterns) in InjectionPatterns.all {
            for (stems, pattern) in patterns { add(signal, stems, pattern) }
        }
        add(.encodedPayload, InjectionPatterns.decoding.stems, InjectionPatterns.decoding.pattern, needsDigits: true)
    }

    private mutating func add(
        _ signal: InjectionSignals.Signal, _ stems: String, _ pattern: String, needsDigits: Bool = false
    ) {
        guard let expression = RegularExpression(pattern), self.stems.add(stems, pattern: phrases.count) else { return }
        phrases.append(Phrase(signal: signal, expression: expression, needsDigits: needsDigits))
    }

    /// How many patterns were written down and how many of them can be used: the same, or a phrase is never found.
    static var compiled: (written: Int, usable: Int) {
        (InjectionPatterns.all.reduce(1) { $0 + $1.patterns.count }, all.phrases.count)
    }

    /// Adds the signals that the text gives, which is folded.
    func find(in folded: [UInt8], _ found: inout InjectionSignals.Found) {
        var open = stems.patterns(in: folded.span)
        while open != 0 {
            let position = open.trailingZeroBitCount
            open &= open - 1
            guard position < phrases.count, !found.contains(phrases[position].signal) else { continue }
            let phrase = phrases[position]
            if phrase.needsDigits, !Self.hasLongRun(folded.span) { continue }
            if phrase.expression.occurs(in: folded[...]) { found.insert(phrase.signal) }
        }
    }

    /// Whether there are so many digits of base64, or hexadecimal ones, that something may be written in them.
    private static func hasLongRun(_ folded: Span<UInt8>) -> Bool {
        var run = 0
        for index in 0..<folded.count {
            let byte = folded[index]
            let isDigit =
                byte.isAlphanumeric || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
                || byte == UInt8(ascii: "=")
            run = isDigit ? run + 1 : 0
            if run >= 40 { return true }
        }
        return false
    }
}
