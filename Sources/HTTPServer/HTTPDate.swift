internal import Base

/// The `Date` header's value (RFC 9110, IMF-fixdate), made once a second.
struct HTTPDate {
    private var second: Int64 = .min
    private var text = ""

    mutating func value(at time: WallTime) -> String {
        if time.seconds != second {
            second = time.seconds
            text = HTTPDate.format(CivilDate(secondsSince1970: second))
        }
        return text
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func format(_ date: CivilDate) -> String {
        "\(weekdays[date.weekday]), \(CivilDate.padded(date.day)) \(months[date.month - 1]) "
            + "\(CivilDate.padded(date.year, 4)) \(date.timeOfDay) GMT"
    }
}
