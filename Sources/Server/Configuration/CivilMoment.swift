internal import Base

/// A moment as a configuration writes it: `2027-01-31`, which is its first second, or `2027-01-31T18:00:00Z`. In UTC.
struct CivilMoment: Equatable, Sendable {
    let text: String
    let time: WallTime

    /// `nil` for other forms, days that no calendar has, and years before 1970.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 20, let day = Self.number(bytes[8...9]),
            let month = Self.number(bytes[5...6]), let year = Self.number(bytes[0...3]), (1970...9999).contains(year),
            (1...12).contains(month), (1...31).contains(day), bytes[4] == UInt8(ascii: "-"),
            bytes[7] == UInt8(ascii: "-")
        else { return nil }
        var seconds = Int64(Self.days(year, month, day)) * 86_400
        if bytes.count == 20 {
            guard bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
                bytes[19] == UInt8(ascii: "Z"), let hour = Self.number(bytes[11...12]), hour < 24,
                let minute = Self.number(bytes[14...15]), minute < 60, let second = Self.number(bytes[17...18]),
                second < 60
            else { return nil }
            seconds += Int64(hour * 3600 + minute * 60 + second)
        }
        // The 31st of a shorter month comes back as another day.
        let date = CivilDate(secondsSince1970: seconds)
        guard date.day == day, date.month == month, date.year == year else { return nil }
        self.text = text
        time = WallTime(milliseconds: seconds * 1000)
    }

    /// Days since 1970, by Howard Hinnant's algorithm.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
