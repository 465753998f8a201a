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

    private(set) var found: Set<Signal> = []

    /// Independent signs: what is left of innocence shrinks with each.
    var score: Double { 1 - found.reduce(1) { $0 * (1 - $1.weight) } }
    /// By name, in a fixed order.
    var reasons: [String] { Signal.allCases.filter(found.contains).map(\.rawValue) }

    /// Letters are compared without their case and without characters that do not show; runs of white space are one space.
    mutating func look(at text: String) {
        let folded = Self.folded(text)
        let stems = InjectionPhrases.Stems(folded)
        for phrase in InjectionPhrases.all where !found.contains(phrase.signal) {
            if phrase.stands(in: folded, stems) { found.insert(phrase.signal) }
        }
        if !found.contains(.encodedPayload), Self.hasPayload(folded, stems) { found.insert(.encodedPayload) }
    }

    /// As UTF-8.
    private static func folded(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var folded: [UInt8] = []
        folded.reserveCapacity(bytes.count)
        var wasSpace = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                index += 1
                let isSpace = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
                // Other controls do not show.
                if byte < 0x20 || byte == 0x7F, !isSpace { continue }
                if !isSpace || !wasSpace { folded.append(isSpace ? 0x20 : byte.isUpper ? byte | 0x20 : byte) }
                wasSpace = isSpace
                continue
            }
            let end = bytes[(index + 1)...].firstIndex { !$0.isContinuation } ?? bytes.count
            let character = String(decoding: bytes[index..<end], as: UTF8.self)
            index = end
            for scalar in character.unicodeScalars where !ControlCharacters.isHidden(scalar) {
                let isSpace = scalar.properties.isWhitespace
                if !isSpace {
                    folded += scalar.properties.lowercaseMapping.utf8
                } else if !wasSpace {
                    folded.append(0x20)
                }
                wasSpace = isSpace
            }
        }
        return folded
    }

    /// A long run of base64 or hexadecimal digits, and the word that says to read it.
    private static func hasPayload(_ folded: [UInt8], _ stems: InjectionPhrases.Stems) -> Bool {
        guard InjectionPhrases.decoding.stands(in: folded, stems) else { return false }
        var run = 0
        for byte in folded {
            run =
                byte.isAlphanumeric || [UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "=")].contains(byte)
                ? run + 1 : 0
            if run >= 40 { return true }
        }
        return false
    }
}
