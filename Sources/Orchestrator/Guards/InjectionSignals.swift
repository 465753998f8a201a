/// Signs in a text that somebody wants a model to forget whom it serves. Words, not understanding: a score says how many
/// different signs there are and how strong, and whoever refuses by it refuses some honest texts too.
struct InjectionSignals {
    enum Signal: String, CaseIterable {
        /// To forget the instructions before.
        case override
        /// To give those instructions away.
        case promptExtraction = "prompt_extraction"
        /// To be somebody without rules.
        case rolePlay = "role_play"
        /// The marks with which templates separate who speaks.
        case roleMarker = "role_marker"
        /// An instruction that pretends to come from the system.
        case fakeSystem = "fake_system"
        /// Something that closes the frame which the text was put into.
        case delimiter
        /// Instructions in an encoding, with the wish to follow them.
        case encodedPayload = "encoded_payload"

        fileprivate var bit: UInt8 {
            switch self {
            case .override: 1
            case .promptExtraction: 2
            case .rolePlay: 4
            case .roleMarker: 8
            case .fakeSystem: 16
            case .delimiter: 32
            case .encodedPayload: 64
            }
        }

        /// How much it says by itself, 0 to 1.
        var weight: Double {
            switch self {
            case .override: 0.7
            case .promptExtraction: 0.5
            case .rolePlay: 0.5
            case .roleMarker: 0.6
            case .fakeSystem: 0.5
            case .delimiter: 0.4
            case .encodedPayload: 0.4
            }
        }
    }

    /// A set of signals.
    struct Found: Equatable {
        private var bits: UInt8 = 0

        func contains(_ signal: Signal) -> Bool { bits & signal.bit != 0 }
        mutating func insert(_ signal: Signal) { bits |= signal.bit }
        var isEmpty: Bool { bits == 0 }
    }

    private(set) var found = Found()

    /// Independent signs: what is left of innocence shrinks with each.
    var score: Double {
        found.isEmpty ? 0 : 1 - Signal.allCases.filter(found.contains).reduce(1) { $0 * (1 - $1.weight) }
    }
    /// By name, in a fixed order.
    var reasons: [String] { found.isEmpty ? [] : Signal.allCases.filter(found.contains).map(\.rawValue) }

    /// Letters are compared without their case and without characters that do not show; runs of white space are one space.
    mutating func look(at text: String) {
        InjectionPhrases.all.find(in: Self.folded(text), &found)
    }

    /// What becomes of each byte: 0 where it does not show, 0xFF where it is not ASCII.
    private static let folds: [UInt8] = (0...255).map { (byte: UInt8) -> UInt8 in
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: 0x20
        case ..<0x20, 0x7F: 0
        case 0x80...: 0xFF
        default: byte.isUpper ? byte | 0x20 : byte
        }
    }

    /// As UTF-8.
    static func folded(_ text: String) -> [UInt8] {
        let folds = folds.span
        var isPlain = true
        let folded = [UInt8](capacity: text.utf8.count) { folded in
            let bytes = text.utf8.span
            var last: UInt8 = 0
            for index in 0..<bytes.count {
                let fold = folds[Int(bytes[index])]
                if fold == 0xFF {
                    isPlain = false
                    return
                }
                if fold == 0 || fold == 0x20 && last == 0x20 { continue }
                folded.append(fold)
                last = fold
            }
        }
        return isPlain ? folded : foldedCharacters(text)
    }

    /// The same for a text that is not ASCII alone.
    private static func foldedCharacters(_ text: String) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(text.utf8.count)
        var wasSpace = false
        for scalar in text.unicodeScalars where !ControlCharacters.isHidden(scalar) {
            let isSpace = scalar.properties.isWhitespace
            if !isSpace {
                if scalar.isASCII {
                    let byte = UInt8(truncatingIfNeeded: scalar.value)
                    folded.append(byte.isUpper ? byte | 0x20 : byte)
                } else {
                    folded += scalar.properties.lowercaseMapping.utf8
                }
            } else if !wasSpace {
                folded.append(0x20)
            }
            wasSpace = isSpace
        }
        return folded
    }
}
