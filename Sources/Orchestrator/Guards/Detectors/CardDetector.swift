/// Numbers of payment cards, in a run of digits.
enum CardDetector {
    static func find(_ run: NumberRun, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard !run.hasPlus, run.digits >= 13 else { return nil }
        for count in stride(from: min(run.count, 6), through: 1, by: -1) {
            let length = run.digits(of: count)
            guard (13...19).contains(length), run.isUniform(first: count, [.space, .hyphen, .point]),
                isGrouped(run, count), run.isBounded(count, text, &probe)
            else { continue }
            let digits = digits(run, count, text)
            guard passesLuhn(digits), isIssued(digits) else { continue }
            // In groups they prove themselves unless they are round; digits in one may be an id that passes by chance.
            if count == 1 || run.isRound(first: count, zeros: 2, text), !isCard(run, count, text) { continue }
            return Finding(start: run.start, end: run.end(of: count), kind: .card)
        }
        return nil
    }

    private static func isCard(_ run: NumberRun, _ count: Int, _ text: Span<UInt8>) -> Bool {
        let cue = Cue.nearest(before: run.start, text) { cue in
            switch cue.kind {
            case .card: true
            case .thing, .identity, .party: cue.gap.isNamed
            case .social, .phone, .phoneVerb, .phoneHint: false
            }
        }
        if let cue { return cue.kind == .card }
        // Numbers of goods have 13 digits, and ids of services 17 and more.
        return count == 1 && !run.isMarked && run.digits(of: 1) != 13 && run.digits(of: 1) <= 16
    }

    private static func isGrouped(_ run: NumberRun, _ count: Int) -> Bool {
        count == 1 || groupings.contains { run.hasLengths($0, first: count) }
    }

    private static let groupings = [
        [4, 4, 4, 4], [4, 4, 4, 4, 3], [4, 4, 4, 4, 2], [4, 6, 5], [4, 6, 4], [4, 4, 4, 1], [4, 3, 3, 3], [6, 12],
        [6, 13],
        [4, 4, 4, 3], [4, 4, 4, 2], [8, 8],
    ]

    private static func digits(_ run: NumberRun, _ count: Int, _ text: Span<UInt8>) -> [Int] {
        var digits: [Int] = []
        for group in 0..<count {
            for index in run.groups[group].start..<run.groups[group].end { digits.append(Int(text[index]) - 0x30) }
        }
        return digits
    }

    private static func passesLuhn(_ digits: [Int]) -> Bool {
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let value = place % 2 == 0 ? digit : digit * 2
            sum += value > 9 ? value - 9 : value
        }
        return sum % 10 == 0
    }

    /// Whether an issuer has numbers that begin so and are that long.
    private static func isIssued(_ digits: [Int]) -> Bool {
        let four = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
        switch (four, digits.count) {
        // Visa.
        case (4000...4999, 13), (4000...4999, 16), (4000...4999, 19): return true
        // Mastercard and Mir.
        case (5100...5599, 16), (2221...2720, 16), (2200...2204, 16...19): return true
        // American Express, Diners Club.
        case (3400...3499, 15), (3700...3799, 15): return true
        case (3000...3059, 14), (3095, 14), (3600...3699, 14), (3800...3999, 14): return true
        // Discover, RuPay, JCB, UnionPay.
        case (6011, 16...19), (6440...6599, 16...19), (6070...6099, 16), (3528...3589, 16...19): return true
        case (6200...6299, 16...19), (8100...8171, 16...19): return true
        // Maestro.
        case (5018, 16...19), (5020, 16...19), (5038, 16...19), (5893, 16...19), (6304, 16...19): return true
        case (6759, 16...19), (6761...6763, 16...19): return true
        default: return false
        }
    }
}
