/// US social security numbers: three, two and four digits, in the ranges that were given out.
enum SocialSecurityDetector {
    static func find(_ run: NumberRun, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        let isWhole = run.hasLengths([9], first: 1) && run.isUniform(first: 1, [])
        let isGrouped =
            run.count >= 3 && run.groups[0].count == 3 && run.groups[1].count == 2 && run.groups[2].count == 4
            && run.isUniform(first: 3, [.hyphen, .space, .point])
        guard isWhole || isGrouped else { return nil }
        let count = isWhole ? 1 : 3
        guard isIssued(run, count, text), run.isBounded(count, text, &probe) else { return nil }
        let isHyphened = isGrouped && run.groups[1].separator == .hyphen
        guard isSocial(run, isHyphened: isHyphened, text) else { return nil }
        return Finding(start: run.start, end: run.end(of: count), kind: .ssn)
    }

    private static func isIssued(_ run: NumberRun, _ count: Int, _ text: Span<UInt8>) -> Bool {
        var value = 0
        for group in 0..<count {
            for index in run.groups[group].start..<run.groups[group].end {
                value = value * 10 + Int(text[index]) - 0x30
            }
        }
        let area = value / 1_000_000
        return area != 0 && area != 666 && area < 900 && value / 10000 % 100 != 0 && value % 10000 != 0
    }

    /// With hyphens it is one unless it is said to be a thing's. An id may be one, so that does not speak against it.
    private static func isSocial(_ run: NumberRun, isHyphened: Bool, _ text: Span<UInt8>) -> Bool {
        let cue = Cue.nearest(before: run.start, text) { cue in
            switch cue.kind {
            case .social: cue.gap.isDirect
            case .thing, .party, .identity: isHyphened && cue.gap.isNamed
            case .card, .phone, .phoneVerb, .phoneHint: false
            }
        }
        switch cue?.kind {
        case .social: return true
        case .party, .identity: return isHyphened
        case nil: return isHyphened && !run.isMarked
        default: return false
        }
    }
}
