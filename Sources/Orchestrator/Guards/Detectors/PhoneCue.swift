/// What the words before a number say of its being a telephone's.
enum PhoneCue {
    /// Nothing, or that it is another number.
    case nothing, other
    /// There is a word for a telephone, and a word that leads to the number: "the telephone of the office is".
    case led
    /// There is nothing in between but what may be there.
    case direct
    /// So is it, and the word is said of nothing else.
    case sure

    init(before run: NumberRun, _ text: Span<UInt8>) {
        let isWhole = run.count == 1
        let cue = Cue.nearest(before: run.start, text) { cue in
            switch cue.kind {
            case .phone, .phoneVerb: cue.gap.isDirect || cue.gap.isLed
            // "Reach 5000000000", and "reach us at".
            case .phoneHint: cue.gap.isDirect && !(isWhole && cue.gap.isBare)
            default: cue.isNoPhone
            }
        }
        guard let cue else {
            self = .nothing
            return
        }
        if !cue.isPhone {
            self = .other
        } else if !cue.gap.isDirect {
            self = .led
        } else {
            self = cue.kind == .phoneHint || cue.gap.digits > 0 || cue.gap.hasNames ? .direct : .sure
        }
    }
}
