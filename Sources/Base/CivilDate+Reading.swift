extension CivilDate {
    /// The first second of a day, in seconds since 1970; `nil` for a day that the calendar does not have, and for a year
    /// outside 0 to 9999. By Howard Hinnant's algorithm, as the other way. O(1).
    public static func seconds(year: Int, month: Int, day: Int) -> Int64? {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1, day <= days(of: month, year) else {
            return nil
        }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468) * 86_400
    }

    private static func days(of month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// A moment as people write it: `2027-01-31`, which is its first second, or `2027-01-31T18:00:00Z`. `nil` for other
    /// forms, days that no calendar has, and years before 1970.
    public init?(_ text: String) {
        let bytes = text.utf8.span
        guard bytes.count == 10 || bytes.count == 20, let year = CivilDate.number(bytes, 0..<4), year >= 1970,
            let month = CivilDate.number(bytes, 5..<7), let day = CivilDate.number(bytes, 8..<10),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            var seconds = CivilDate.seconds(year: year, month: month, day: day)
        else { return nil }
        if bytes.count == 20 {
            guard bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
                bytes[19] == UInt8(ascii: "Z"), let hour = CivilDate.number(bytes, 11..<13), hour < 24,
                let minute = CivilDate.number(bytes, 14..<16), minute < 60,
                let second = CivilDate.number(bytes, 17..<19), second < 60
            else { return nil }
            seconds += Int64(hour * 3600 + minute * 60 + second)
        }
        self.init(secondsSince1970: seconds)
    }

    private static func number(_ bytes: Span<UInt8>, _ digits: Range<Int>) -> Int? {
        var number = 0
        for index in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
            number = number * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return number
    }

    /// What ``init(secondsSince1970:)`` was made of.
    public var secondsSince1970: Int64 {
        (CivilDate.seconds(year: year, month: month, day: day) ?? 0) + Int64(hour * 3600 + minute * 60 + second)
    }

    /// The shortest form that ``init(_:)`` reads: the day alone for its first second.
    public var text: String {
        let whole = iso8601
        return timeOfDay == "00:00:00" ? String(whole.prefix(10)) : whole + "Z"
    }
}
