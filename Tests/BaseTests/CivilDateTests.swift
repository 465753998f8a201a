import Base
import Testing

struct CivilDateTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00", 4), (951_782_399, "2000-02-28T23:59:59", 1),
            (951_782_400, "2000-02-29T00:00:00", 2),
            (1_709_164_800, "2024-02-29T00:00:00", 4), (4_102_444_799, "2099-12-31T23:59:59", 4),
            (4_107_542_400, "2100-03-01T00:00:00", 1), (253_402_300_799, "9999-12-31T23:59:59", 5),
        ] as [(Int64, String, Int)])
    func `seconds become dates`(_ seconds: Int64, _ expected: String, _ weekday: Int) {
        let date = CivilDate(secondsSince1970: seconds)
        #expect(date.iso8601 == expected)
        #expect(date.weekday == weekday)
    }

    @Test func `times outside the range are clamped`() {
        #expect(CivilDate(secondsSince1970: .min).iso8601 == "1970-01-01T00:00:00")
        #expect(CivilDate(secondsSince1970: .max).iso8601 == "9999-12-31T23:59:59")
    }

    @Test(
        arguments: [
            ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2024-12-31T23:59:59Z", 1_735_689_599),
            ("9999-12-31", 253_402_214_400), ("1969-12-31", nil), ("2023-02-29", nil), ("2024-04-31", nil),
            ("2024-00-10", nil), ("2024-13-01", nil), ("2024-01-00", nil), ("2024-1-1", nil),
            ("2024-01-01T24:00:00Z", nil),
            ("2024-01-01T00:60:00Z", nil), ("2024-01-01T00:00:60Z", nil), ("2024-01-01 00:00:00Z", nil),
            ("2024-01-01T00:00:00+", nil), ("2024/01/01", nil), ("+024-01-01", nil), ("", nil), ("0000-00-00", nil),
            ("２024-01-0", nil),
        ] as [(String, Int64?)])
    func `moments are days of the calendar and times of the day in UTC`(_ text: String, _ seconds: Int64?) {
        #expect(CivilDate(text)?.secondsSince1970 == seconds)
    }

    @Test func `a moment is written in the shortest form that reads back`() {
        for text in ["1970-01-01", "2027-01-31", "2024-12-31T23:59:59Z", "9999-12-31T00:00:01Z"] {
            #expect(CivilDate(text)?.text == text)
        }
        #expect(CivilDate("2027-01-31T00:00:00Z")?.text == "2027-01-31")
    }

    @Test func `every day from 1970 to 9999 goes to seconds and back, and no day is left out`() {
        var (year, month, day) = (1970, 1, 1)
        for number in 0..<2_932_897 as Range<Int64> {
            let date = CivilDate(secondsSince1970: number * 86_400)
            guard date.year == year, date.month == month, date.day == day,
                CivilDate.seconds(year: year, month: month, day: day) == number * 86_400
            else {
                Issue.record("day \(number): \(date.iso8601)")
                return
            }
            day += 1
            if CivilDate.seconds(year: year, month: month, day: day) == nil {
                (month, day) = (month + 1, 1)
                if month > 12 { (year, month) = (year + 1, 1) }
            }
        }
        #expect(year == 10_000)
    }
}
