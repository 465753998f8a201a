/// International bank account numbers, found at their first digit. By the country's length, and modulo 97.
enum IBANDetector {
    static func find(at digit: Int, floor: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        let start = digit - 2
        guard start >= floor, text[start].isLetter, text[start + 1].isLetter, mayBegin(at: start, text)
        else { return nil }
        let country = UInt16(text[start] & 0xDF) << 8 | UInt16(text[start + 1] & 0xDF)
        guard let length = lengths[country] else { return nil }
        var remainder = 0
        var checks = 0
        var count = 2
        var index = digit
        // The account first, the country and the check digits behind it: so it is read twice, in one go.
        while count < length.total {
            let byte = probe.byte(index, text)
            if let width = space(byte, index, text, &probe), count >= 4 {
                guard probe.byte(index + width, text).isAlphanumeric else { return nil }
                index += width
                continue
            }
            guard byte.isDigit || (byte.isLetter && count >= 4 && !length.isNumeric) else { return nil }
            if count < 4 {
                checks = checks * 10 + Int(byte - 0x30)
            } else {
                remainder = append(byte, to: remainder)
            }
            count += 1
            index += 1
        }
        guard !probe.byte(index, text).isWord else { return nil }
        remainder = append(text[start], to: remainder)
        remainder = append(text[start + 1], to: remainder)
        return (remainder * 100 + checks) % 97 == 1 ? Finding(start: start, end: index, kind: .iban) : nil
    }

    private static func append(_ byte: UInt8, to remainder: Int) -> Int {
        byte.isDigit
            ? (remainder * 10 + Int(byte - 0x30)) % 97 : (remainder * 100 + Int(byte & 0xDF) - 0x41 + 10) % 97
    }

    private static func mayBegin(at start: Int, _ text: Span<UInt8>) -> Bool {
        let before = text.before(start)
        return !before.isWord && before != UInt8(ascii: "-")
    }

    /// Where the letters begin that would be a country if a digit came next; `end` where there are none.
    static func countryStart(before end: Int, floor: Int, _ text: Span<UInt8>) -> Int {
        var start = end
        while start > floor, end - start < 2, text[start - 1].isLetter { start -= 1 }
        return start < end && mayBegin(at: start, text) ? start : end
    }

    /// How many bytes a space has that may stand between two groups.
    private static func space(
        _ byte: UInt8, _ index: Int, _ text: Span<UInt8>, _ probe: inout Probe
    ) -> Int? {
        switch byte {
        case UInt8(ascii: " "): 1
        case 0xC2: probe.byte(index + 1, text) == 0xA0 ? 2 : nil
        case 0xE2: probe.byte(index + 1, text) == 0x80 && probe.byte(index + 2, text) == 0xAF ? 3 : nil
        default: nil
        }
    }

    private struct Length {
        var total: Int
        /// Whether the account has digits alone.
        var isNumeric: Bool
    }

    /// By the country's two letters. `+` after the length: letters may be in the account.
    private static let lengths: [UInt16: Length] = {
        let rows = """
            AD24+ AE23 AL28+ AT20 AZ28+ BA20 BE16 BG22+ BH22+ BI27 BR29+ BY28+ CH21+ CR22 CY28+ CZ24 DE22 DJ27 DK18 DO28+ \
            EE20 EG29 ES24 FI18 FK18+ FO18 FR27+ GB22+ GE22+ GI23+ GL18 GR27+ GT28+ HR21 HU28 IE22+ IL23 IQ23+ IS26 \
            IT27+ JO30+ KW30+ KZ20+ LB28+ LC32+ LI21+ LT20 LU20+ LV21+ LY25 MC27+ MD24+ ME22 MK19+ MN20 MR27 MT31+ \
            MU30+ NI28+ NL18+ NO15 OM23+ PK24+ PL28 PS29+ PT25 QA29+ RO24+ RS22 RU33+ SA24+ SC31+ SD18 SE24 SI19 SK24 \
            SM27+ SO23 ST25 SV28+ TL23 TN24 TR26+ UA29+ VA22 VG24+ XK20 YE30+
            """
        var lengths: [UInt16: Length] = [:]
        for row in rows.split(separator: " ") {
            let bytes = Array(row.utf8)
            lengths[UInt16(bytes[0]) << 8 | UInt16(bytes[1])] = Length(
                total: Int(bytes[2] - 0x30) * 10 + Int(bytes[3] - 0x30), isNumeric: bytes.count == 4)
        }
        return lengths
    }()
}
