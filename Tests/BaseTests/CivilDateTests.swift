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
}
