import Base
import Foundation
import Testing

@testable import HTTPServer

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (-1, "Thu, 01 Jan 1970 00:00:00 GMT"), (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func `known times have their known dates`(_ seconds: Int64, _ text: String) {
        #expect(HTTPDate.format(CivilDate(secondsSince1970: seconds)) == text)
    }

    @Test func `a thousand random times agree with Foundation`() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var random = SeededGenerator(seed: 11)
        for _ in 0..<1000 {
            let seconds = Int64.random(in: 0..<8_000_000_000, using: &random)
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(HTTPDate.format(CivilDate(secondsSince1970: seconds)) == expected)
        }
    }

    @Test func `the text changes with the second, and only then`() {
        var date = HTTPDate()
        #expect(date.value(at: WallTime(milliseconds: 999)).hasSuffix("00:00:00 GMT"))
        #expect(date.value(at: WallTime(milliseconds: 1000)).hasSuffix("00:00:01 GMT"))
        #expect(date.value(at: WallTime(milliseconds: 500)).hasSuffix("00:00:00 GMT"))
    }
}
