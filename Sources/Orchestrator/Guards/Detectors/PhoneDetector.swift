/// Phone numbers in a run of digits: international ones by their country code, national ones by the ways in which
/// countries group them.
enum PhoneDetector {
    static func find(_ run: NumberRun, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        if run.hasPlus { return run.isMarked ? nil : international(run, dialled: 0, text, &probe) }
        guard run.digits >= 7 else { return nil }
        let first = run.groups[0]
        if first.count >= 3, text[first.start] == 0x30, text[first.start + 1] == 0x30 {
            return run.isMarked ? nil : international(run, dialled: 2, text, &probe)
        }
        var known: PhoneCue?
        for count in stride(from: min(run.count, PhoneShape.maxGroups), through: 1, by: -1) {
            for shape in PhoneShape.shapes(of: count, first: first, text)
            where shape.fits(run, text) && run.isBounded(count, text, &probe) && !run.isInRow(first: count, text) {
                let cue = known ?? PhoneCue(before: run, text)
                known = cue
                guard isEnough(cue, for: shape, run, count, text) else { continue }
                return Finding(start: run.start, end: run.end(of: count), kind: .phone)
            }
        }
        return freelyGrouped(run, known, text, &probe)
    }

    private static func isEnough(
        _ cue: PhoneCue, for shape: PhoneShape, _ run: NumberRun, _ count: Int, _ text: Span<UInt8>
    ) -> Bool {
        switch cue {
        // An area in brackets is no thing's.
        case .other: return run.groups[0].isBracketed && shape.need == .nothing && !run.isMarked
        case .nothing:
            if run.isMarked || run.goesOn(behind: count) || isRound(run, count, text) { return false }
            return shape.need == .nothing || (shape.need == .whenSpaced && !run.isSpaced(first: count))
        case .led, .direct, .sure: return shape.need != .sureCue || cue == .sure
        }
    }

    /// Whether all groups are round numbers, or small ones as in a lottery: `04 08 15 16 23`.
    private static func isRound(_ run: NumberRun, _ count: Int, _ text: Span<UInt8>) -> Bool {
        guard count > 2, !run.groups[0].isBracketed else { return false }
        return run.isRound(first: count, zeros: 1, text)
            || (0..<count).allSatisfy { run.groups[$0].count == 2 && text[run.groups[$0].start] < 0x35 }
    }

    /// Right behind a word for a telephone, groups of whatever lengths, but for those of dates, years and sums.
    private static func freelyGrouped(
        _ run: NumberRun, _ known: PhoneCue?, _ text: Span<UInt8>, _ probe: inout Probe
    ) -> Finding? {
        if let known, known != .sure { return nil }
        for count in stride(from: min(run.count, 6), through: 2, by: -1) {
            guard (7...12).contains(run.digits(of: count)), isFree(run, count, text),
                run.isBounded(count, text, &probe), !run.isInRow(first: count, text)
            else { continue }
            guard (known ?? PhoneCue(before: run, text)) == .sure else { return nil }
            return Finding(start: run.start, end: run.end(of: count), kind: .phone)
        }
        return nil
    }

    private static func isFree(_ run: NumberRun, _ count: Int, _ text: Span<UInt8>) -> Bool {
        // A slash stands behind an area, `030 / 90 18 20`, and in fractions.
        let hasArea = text[run.groups[0].start] == 0x30 && run.groups[0].count > 2
        var longest = run.groups[0].count
        var isSum = longest < 3 && count > 2
        for place in 1..<count {
            let group = run.groups[place]
            switch group.separator {
            case .space, .hyphen, .nothing: break
            case .slash: guard hasArea, place == 1 else { return false }
            case .point: return false
            }
            longest = max(longest, group.count)
            if group.count != 3 { isSum = false }
        }
        return (3...8).contains(longest) && !isSum && !isDate(run, count) && !isYears(run, count, text)
            && !run.isRound(first: count, zeros: 1, text)
    }

    private static func isDate(_ run: NumberRun, _ count: Int) -> Bool {
        count > 2 && (run.groups[0].count == 4 || run.groups[2].count == 4) && run.digits(of: 3) <= 8
            && run.groups[1].count <= 2
    }

    /// Whether all groups of four are years.
    private static func isYears(_ run: NumberRun, _ count: Int, _ text: Span<UInt8>) -> Bool {
        var hasYears = false
        for place in 0..<count where run.groups[place].count == 4 {
            let start = run.groups[place].start
            let century = (text[start], text[start + 1])
            guard century == (0x31, 0x39) || century == (0x32, 0x30) else { return false }
            hasYears = true
        }
        return hasYears
    }

    /// - Parameter dialled: How many digits come before the country code, which a plus stands for otherwise.
    private static func international(
        _ run: NumberRun, dialled: Int, _ text: Span<UInt8>, _ probe: inout Probe
    ) -> Finding? {
        // Behind `00` the country code may be a group of its own, or in the same one.
        let first = run.groups[0]
        guard first.start + dialled < first.end, let country = CountryCode.find(first, dialled, text) else {
            return nil
        }
        let code = dialled + country.digits
        for count in stride(from: min(run.count, 7), through: 1, by: -1) {
            var digits = run.digits(of: count) - code
            guard digits >= country.least, run.isBounded(count, text, &probe) else { continue }
            // The `(0)` that is dialled only within the country.
            if let trunk = (1..<max(count, 1)).first(where: { run.groups[$0].isBracketed }) {
                if run.groups[trunk].count == 1 { digits -= 1 }
            }
            guard (country.least...country.most).contains(digits) else { continue }
            if count == 1, dialled > 0, ![.led, .direct, .sure].contains(PhoneCue(before: run, text)) { continue }
            let isPointed = count == 2 && run.groups[1].separator == .point
            // Sums and decimals have a sign before them as well: of those only what registries write, `+1.4155552671`.
            if isPointed, first.count != code || digits < 9 { continue }
            if country.digits == 1, text[first.start + dialled] == UInt8(ascii: "1"),
                !isNorthAmerican(run, code, isStrict: isPointed, text)
            {
                continue
            }
            return Finding(start: run.start, end: run.end(of: count), kind: .phone)
        }
        return nil
    }

    /// The area does not begin with 0 or 1. Nor does the exchange of a number that can be dialled; but many that are
    /// made up have `123` there, and so does who hides one.
    private static func isNorthAmerican(
        _ run: NumberRun, _ code: Int, isStrict: Bool, _ text: Span<UInt8>
    ) -> Bool {
        var place = 0
        for group in 0..<run.count {
            for index in run.groups[group].start..<run.groups[group].end {
                if place == code || (isStrict && place == code + 3), text[index] < UInt8(ascii: "2") { return false }
                place += 1
            }
        }
        return true
    }
}
