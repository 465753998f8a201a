internal import Base

/// Times as headers write them. Every reader takes the whole text or nothing, in one pass, and without traps.
enum HeaderTime {
    /// Seconds: `2`, `0.25`, `1e3`. `nil` for negative ones and for what is no number. May be infinite.
    static func seconds(_ text: String) -> Double? {
        guard var scan = HeaderScanner(text), let number = scan.number(), scan.isAtEnd else { return nil }
        return number
    }

    /// A time with units, in seconds: `12ms`, `1s`, `6m0s`, `2m59.56s`; without a unit these are seconds.
    static func span(_ text: String) -> Double? {
        guard var scan = HeaderScanner(text) else { return nil }
        var sum = 0.0
        var parts = 0
        while !scan.isAtEnd {
            guard let number = scan.number() else { return nil }
            parts += 1
            if scan.isAtEnd { return parts == 1 ? number : nil }
            guard let unit = scan.unit() else { return nil }
            sum += number * unit
        }
        return parts == 0 ? nil : sum
    }

    /// Milliseconds since 1970 of a date as RFC 3339 has it: `2026-11-22T12:00:00Z`, with fraction and offset.
    static func rfc3339(_ text: String) -> Int64? {
        guard var scan = HeaderScanner(text), let year = scan.digits(4), scan.take("-"), let month = scan.digits(2),
            scan.take("-"), let day = scan.digits(2), scan.take("T") || scan.take("t") || scan.take(" "),
            let clock = scan.timeOfDay(), let seconds = seconds(year, month, day, clock)
        else { return nil }
        var milliseconds: Int64 = 0
        if scan.take(".") {
            guard let fraction = scan.fraction() else { return nil }
            milliseconds = Int64(fraction * 1000)
        }
        guard let offset = scan.offset(), scan.isAtEnd else { return nil }
        return (seconds - Int64(offset)) * 1000 + milliseconds
    }

    /// Milliseconds since 1970 of a date as RFC 9110 §5.6.7 has it, in each of its three forms.
    static func httpDate(_ text: String) -> Int64? {
        guard var scan = HeaderScanner(text), scan.word() != nil else { return nil }
        return scan.take(",") ? fixedDate(&scan) : asctime(&scan)
    }

    /// `22 Nov 2026 12:00:00 GMT` or, older, `22-Nov-26 12:00:00 GMT`; the weekday is read already.
    private static func fixedDate(_ scan: inout HeaderScanner) -> Int64? {
        guard scan.take(" "), let day = scan.digits(2) else { return nil }
        let isOld = scan.take("-")
        guard isOld || scan.take(" "), let month = scan.month(), scan.take(isOld ? "-" : " "),
            var year = scan.digits(isOld ? 2 : 4), scan.take(" "), let clock = scan.timeOfDay(), scan.take(" "),
            scan.word() == 3, scan.isAtEnd
        else { return nil }
        // Two digits mean the years around ours: 1970 to 2069.
        if isOld { year += year < 70 ? 2000 : 1900 }
        return seconds(year, month, day, clock).map { $0 * 1000 }
    }

    /// `Nov 22 12:00:00 2026`, with a space before a day of one digit.
    private static func asctime(_ scan: inout HeaderScanner) -> Int64? {
        guard scan.take(" "), let month = scan.month(), scan.take(" "),
            let day = scan.take(" ") ? scan.digits(1) : scan.digits(2), scan.take(" "),
            let clock = scan.timeOfDay(), scan.take(" "), let year = scan.digits(4), scan.isAtEnd
        else { return nil }
        return seconds(year, month, day, clock).map { $0 * 1000 }
    }

    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ timeOfDay: Int) -> Int64? {
        CivilDate.seconds(year: year, month: month, day: day).map { $0 + Int64(timeOfDay) }
    }
}
