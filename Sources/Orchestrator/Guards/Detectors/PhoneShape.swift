/// A way in which a country writes the numbers that are dialled within it.
struct PhoneShape {
    static let maxGroups = 5

    private enum Bracket {
        /// Brackets around that group may be, or must be.
        case none, may(Int), must(Int)
    }

    private struct Group {
        /// Of each digit that must be there: which ones it may be, a bit each.
        var masks: [UInt16] = []
        /// How many more may follow.
        var more = 0
    }

    private let groups: [Group]
    private let separators: [NumberRun.Separator]
    /// Whether all separators are the same.
    private let isUniform: Bool
    private let bracket: Bracket
    let need: Need

    /// What must come before: digits in such groups may be other things, too.
    enum Need {
        /// Nothing; a word for a telephone, unless there is more than spaces between the groups; such a word; one that is
        /// said of nothing else, right before.
        case nothing, whenSpaced, cue, sureCue
    }

    /// - Parameter pattern: A group is a word: D any digit, P 1 to 9, N 2 to 9, H 6 to 9, M 2 to 7, Q 0 to 3, T 3 to 9,
    ///   E 0 to 8, a digit itself; `*2` for up to two digits more.
    private init(
        _ pattern: String, _ separators: [NumberRun.Separator] = [.space, .hyphen], uniform: Bool = false,
        bracket: Bracket = .none, need: Need = .nothing
    ) {
        groups = pattern.split(separator: " ").map { word in
            let parts = word.split(separator: "*")
            return Group(
                masks: parts[0].utf8.map(Self.mask), more: parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        }
        self.separators = separators
        isUniform = uniform
        self.bracket = bracket
        self.need = need
    }

    private static func mask(_ letter: UInt8) -> UInt16 {
        switch letter {
        case UInt8(ascii: "D"): 0x3FF
        case UInt8(ascii: "P"): 0x3FE
        case UInt8(ascii: "N"): 0x3FC
        case UInt8(ascii: "T"): 0x3F8
        case UInt8(ascii: "M"): 0x0FC
        case UInt8(ascii: "Q"): 0x00F
        case UInt8(ascii: "H"): 0x3C0
        case UInt8(ascii: "E"): 0x1FF
        default: 1 << UInt16((letter &- 0x30) & 0xF)
        }
    }

    /// Whether the first groups of the run, as many as there are here, have this shape.
    func fits(_ run: NumberRun, _ text: Span<UInt8>) -> Bool {
        guard groups.count <= run.count else { return false }
        for place in groups.indices {
            let group = run.groups[place]
            let extra = group.count - groups[place].masks.count
            guard extra >= 0, extra <= groups[place].more, fits(bracketed: group.isBracketed, place) else {
                return false
            }
            if place > 0 {
                let isAllowed =
                    separators.contains(group.separator)
                    || (group.separator == .nothing && (group.isBracketed || run.groups[place - 1].isBracketed))
                guard isAllowed, !isUniform || group.separator == run.groups[1].separator else { return false }
            }
            for (offset, mask) in groups[place].masks.enumerated() {
                guard mask >> UInt16(text[group.start + offset] &- 0x30) & 1 == 1 else { return false }
            }
        }
        return true
    }

    private func fits(bracketed: Bool, _ place: Int) -> Bool {
        switch bracket {
        case .none: !bracketed
        case .may(let group): !bracketed || group == place
        case .must(let group): bracketed == (group == place)
        }
    }

    /// Those with so many groups whose first one may have this length and begin with this digit: few of all.
    static func shapes(of count: Int, first: NumberRun.Group, _ text: Span<UInt8>) -> [PhoneShape] {
        let place = place(count, first.count, Int(text[first.start] &- 0x30))
        return place < table.count ? table[place] : []
    }

    private static let maxLength = 12

    private static func place(_ count: Int, _ length: Int, _ digit: Int) -> Int {
        length > maxLength ? .max : (count * (maxLength + 1) + length) * 10 + digit
    }

    private static let table: [[PhoneShape]] = {
        var table = Array(repeating: [PhoneShape](), count: place(maxGroups + 1, 0, 0))
        for shape in northAmerica + withTrunk + others {
            let first = shape.groups[0]
            for length in first.masks.count...(first.masks.count + first.more) {
                for digit in 0..<10 where first.masks[0] >> UInt16(digit) & 1 == 1 {
                    table[place(shape.groups.count, length, digit)].append(shape)
                }
            }
        }
        return table
    }()

    private static let any: [NumberRun.Separator] = [.space, .hyphen, .point, .slash]

    /// An exchange does not begin with 1, but in many numbers that are made up.
    private static let northAmerica = [
        PhoneShape("NED PDD DDDD", any, bracket: .may(0), need: .whenSpaced), PhoneShape("NED 555 DDDD", [.space]),
        PhoneShape("1 NED PDD DDDD", any, bracket: .may(1), need: .whenSpaced),
        PhoneShape("555 PDD DDDD", [.space]), PhoneShape("1 8DD PDD DDDD", [.space]),
        PhoneShape("PDD DDD DDDD", any, bracket: .must(0)),
        PhoneShape("NED PDDDDDD", bracket: .must(0)), PhoneShape("PDD DDD DDDD", any, need: .cue),
        PhoneShape("NDD DDDD", [.hyphen, .space, .point], need: .cue),
        PhoneShape("NEDPDDDDDD", need: .cue), PhoneShape("1NEDPDDDDDD", need: .cue),
    ]

    /// With the 0 that stands before the area: most of Europe, Japan, Korea, China, Australia, Turkey…
    private static let withTrunk = [
        PhoneShape("0P DD DD DD DD", [.space, .point, .hyphen], uniform: true),
        PhoneShape("0PDD DD DD DD", [.space, .point, .hyphen, .slash]),
        PhoneShape("0PD*1 DD DD DD DD", [.space, .hyphen, .slash], bracket: .may(0)),
        PhoneShape("0P DDD DD DD*2", bracket: .may(0)), PhoneShape("0P DDD DDD DD", bracket: .may(0)),
        PhoneShape("0PD*1 DDD DD DD", [.space, .hyphen, .point, .slash], bracket: .may(0)),
        PhoneShape("0PD*2 DDD DDD D*1", [.space, .hyphen, .slash], bracket: .may(0)),
        PhoneShape("0PD*2 DD DD DD D*1", [.space, .hyphen, .slash], bracket: .may(0)),
        PhoneShape("0PD*2 DDD DDD*2", [.space, .hyphen, .slash], bracket: .may(0)),
        PhoneShape("0PD DDD DDDD", any, bracket: .may(0)), PhoneShape("0P DDD DDDD", bracket: .may(0)),
        PhoneShape("0PDD DD DDDD", [.hyphen], uniform: true),
        PhoneShape("0PDDD DD DD DD"), PhoneShape("0PDDD DDD DDD", bracket: .may(0)),
        PhoneShape("0P*1 DDDD DDDD", [.space, .hyphen], bracket: .may(0)),
        PhoneShape("0PDD DDDD DDDD", [.space, .hyphen], bracket: .may(0), need: .whenSpaced),
        PhoneShape("0P*2 DDDD DDDD", bracket: .must(1)), PhoneShape("0PD*1 DDD DDDD", bracket: .must(1)),
        PhoneShape("0PD*1 DDDDD*4", [.space, .hyphen, .slash], bracket: .may(0)),
        PhoneShape("0PDDD DDDDDD*3", [.space, .hyphen, .slash], bracket: .may(0)),
        PhoneShape("0PDDD DDDDD", [.space, .hyphen, .slash], bracket: .must(0)),
        PhoneShape("0PDDD DDDDD", [.space, .hyphen, .slash], need: .cue),
        PhoneShape("0P DDDDDD*3", [.space, .hyphen, .slash], bracket: .may(0)),
        // With an extension behind a hyphen.
        PhoneShape("0PD*3 DDDD*3 D*3", [.space, .hyphen, .slash], bracket: .may(0), need: .cue),
        PhoneShape("0 PDD DDD DD DD", bracket: .may(1)),
        PhoneShape("0HDDDD DDDDD"), PhoneShape("0PDDDDDDD*3", need: .cue),
    ]

    /// Without one.
    private static let others = [
        // Spain, Poland, Portugal, Italy.
        PhoneShape("HDD DD DD DD", [.space, .point, .hyphen], uniform: true),
        PhoneShape("PP DDD DD DD", uniform: true, need: .cue), PhoneShape("PDD DDD DDD", need: .cue),
        PhoneShape("2D DDD DDDD", need: .cue), PhoneShape("3DD DDDDDD*1", need: .cue),
        PhoneShape("3DD DDD DDDD", need: .cue), PhoneShape("3DD DD DD DDD", need: .cue),
        // India, Brazil, China.
        PhoneShape("HDDDD DDDDD", need: .cue), PhoneShape("HDDDDDDDDD", need: .cue),
        PhoneShape("1TDDDDDDDDD", need: .cue),
        PhoneShape("PP 9DDDD DDDD", bracket: .may(0), need: .whenSpaced),
        PhoneShape("PP DDDD DDDD", bracket: .must(0)),
        PhoneShape("PP DDDD DDDD", need: .cue), PhoneShape("PP 9DDDDDDDD", bracket: .must(0)),
        PhoneShape("1TD DDDD DDDD", uniform: true),
        // Russia, Turkey, Australia, Scandinavia.
        PhoneShape("8 PDD DDD DD DD", bracket: .may(1), need: .whenSpaced),
        PhoneShape("8 PDD DDD DDDD", bracket: .may(1), need: .whenSpaced),
        PhoneShape("8 9DD DDD DD DD", [.space]), PhoneShape("8 800 DDD DD DD", [.space]),
        PhoneShape("PDD DDD DD DD", bracket: .must(0)), PhoneShape("PDD DDD DD DD", need: .cue),
        PhoneShape("1300 DDD DDD"), PhoneShape("1800 DDD DDD"), PhoneShape("PDD DD DDD", need: .cue),
        PhoneShape("PD DD DD DD", need: .cue),
        PhoneShape("NDDDDDDDD*2", need: .sureCue), PhoneShape("1DDDDDDDD", need: .sureCue),
        // Not with 14 to 19 first, as times are counted in seconds.
        PhoneShape("1QDDDDDDDD", need: .sureCue), PhoneShape("1DDDDDDDDDD", need: .sureCue),
        PhoneShape("MDDDDDD", need: .sureCue),
        PhoneShape("TDDDDDDD", need: .sureCue),
    ]
}
