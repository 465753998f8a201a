internal import Base

/// Text made fit to be shown: no name can move a terminal's cursor, turn its direction or leave its place in a line.
enum DrawnText {
    /// A name on one line of at most `columns`, longer ones cut with "…". Quoted where its edges could not be seen.
    /// O(columns) beyond the first look at a name.
    static func name(_ name: String, columns: Int) -> String {
        var shown = ""
        var width = 0
        var isCut = false
        for character in name {
            let piece = visible(character)
            let next = self.columns(piece)
            // One column is kept for the sign that something was cut.
            if width + next > columns {
                isCut = true
                break
            }
            shown.unicodeScalars.append(contentsOf: piece.unicodeScalars)
            width += next
        }
        if isCut {
            while width > columns - 1, let last = shown.popLast() { width -= self.columns(last) }
            return shown + "…"
        }
        if shown.isEmpty || shown.first == " " || shown.last == " " {
            return width + 2 <= columns ? "\"\(shown)\"" : shown
        }
        return shown
    }

    /// White space as a space, what is invisible as "�", and no more marks on a letter than writing needs.
    private static func visible(_ character: Character) -> Character {
        if character.isASCII, character >= " ", character != "\u{7F}" { return character }
        if character.isWhitespace { return " " }
        var scalars = String.UnicodeScalarView()
        for scalar in character.unicodeScalars.prefix(8) {
            switch scalar.properties.generalCategory {
            case .control, .privateUse, .surrogate: return "�"
            // Joiners make one sign of several; the others turn or hide text.
            case .format where scalar != "\u{200C}" && scalar != "\u{200D}": return "�"
            default: scalars.append(scalar)
            }
        }
        return String(scalars).first ?? "�"
    }

    /// The columns that a terminal gives to a text.
    static func columns(_ text: String) -> Int { text.reduce(0) { $0 + columns($1) } }

    private static func columns(_ character: Character) -> Int {
        if character.isASCII { return 1 }
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F1E6...0x1F1FF, 0x20000...0x3FFFD:
            return 2
        default:
            let isEmoji = first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}")
            return isEmoji ? 2 : 1
        }
    }

    /// Three digits or so, and a unit: "4.2 ms", "820 ms", "2.41 s", "12m 05s", "3h 07m".
    static func duration(_ duration: Duration) -> String {
        let microseconds = max(0, duration.saturatingNanoseconds / 1000)
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch microseconds {
        case ..<10_000: return "\(microseconds / 1000).\(microseconds / 100 % 10) ms"
        case ..<1_000_000: return "\(microseconds / 1000) ms"
        case ..<100_000_000: return "\(microseconds / 1_000_000).\(padded(microseconds / 10_000 % 100)) s"
        case ..<3_600_000_000: return "\(microseconds / 60_000_000)m \(padded(microseconds / 1_000_000 % 60))s"
        default: return "\(microseconds / 3_600_000_000)h \(padded(microseconds / 60_000_000 % 60))m"
        }
    }

    /// How often a node ran, where that is worth saying.
    static func rounds(_ activations: Int) -> String {
        switch activations {
        case ...1: ""
        case ...9999: "×\(activations)"
        default: "×9999+"
        }
    }
}
