/// Characters that control how text is shown, or that do not show at all.
enum ControlCharacters {
    /// C0 but tab and line ends, DEL, C1, the marks that turn the direction of writing, and tags.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0x00...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
        case 0xE0000...0xE007F: true
        default: false
        }
    }

    /// Those, and what joins and separates letters unseen: spaces without width, soft hyphens. Scripts and emoji need some of
    /// these, so they are no findings, but they are not read either.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0x09, 0x0A, 0x0D: false
        case 0xAD, 0x200B...0x200F, 0x2060...0x2064, 0xFEFF: true
        default: isControl(scalar)
        }
    }

    /// How many are there. Reads bytes; characters only where one may begin. Tags after a black flag spell the flag of a
    /// region and are none.
    static func count(in text: String) -> Int {
        guard mayHold(text.utf8.span) else { return 0 }
        var count = 0
        var isFlag = false
        for scalar in text.unicodeScalars {
            let isTag = 0xE0020...0xE007F ~= scalar.value
            if isControl(scalar), !(isTag && isFlag) { count += 1 }
            isFlag = scalar.value == 0x1F3F4 || (isFlag && isTag)
        }
        return count
    }

    private static func mayHold(_ bytes: Span<UInt8>) -> Bool {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            // Most bytes of most texts.
            if byte &- 0x20 < 0x5F { continue }
            switch byte {
            case 0x09, 0x0A, 0x0D: continue
            case 0..<0x20, 0x7F, 0xC2, 0xE2, 0xF3: return true
            default: continue
            }
        }
        return false
    }
}
