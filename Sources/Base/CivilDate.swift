/// A civil date and time of day in UTC, for headers and logs. Years 1970 to 9999; anything else is clamped.
public struct CivilDate: Hashable, Sendable {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int
    /// 0 is Sunday.
    public let weekday: Int

    /// Days become a date by Howard Hinnant's algorithm (eras of 400 years that start in March).
    public init(secondsSince1970 seconds: Int64) {
        let clamped = min(max(seconds, 0), 253_402_300_799)
        let days = clamped / 86_400
        let rest = Int(clamped % 86_400)
        let shifted = days + 719_468
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * march + 2) / 5 + 1)
        month = Int(march < 10 ? march + 3 : march - 9)
        year = Int(yearOfEra + shifted / 146_097 * 400) + (month <= 2 ? 1 : 0)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        weekday = Int((days + 4) % 7)
    }

    /// `2026-11-21T20:31:19`, without zone or fraction.
    public var iso8601: String {
        "\(CivilDate.padded(year, 4))-\(CivilDate.padded(month))-\(CivilDate.padded(day))T\(timeOfDay)"
    }

    /// `20:31:19`.
    public var timeOfDay: String {
        "\(CivilDate.padded(hour)):\(CivilDate.padded(minute)):\(CivilDate.padded(second))"
    }

    /// `value` with leading zeros.
    public static func padded(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
