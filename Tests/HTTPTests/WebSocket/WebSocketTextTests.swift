import Base
import Testing

@testable import HTTP

/// Text is UTF-8 (RFC 6455 §8.1), and what is not ends the socket with 1007 at the first byte that cannot be.
@Suite("A WebSocket's text")
struct WebSocketTextTests {
    private static let valid: [[UInt8]] = [
        Array("Hello-µ@ßöäüàá-UTF-8!!".utf8), Array("κόσμε".utf8), [0], [0x7F], [0xC2, 0x80], [0xDF, 0xBF],
        [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBD], [0xEF, 0xBF, 0xBE],
        [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF1, 0x80, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        [0xF0, 0x9F, 0xBF, 0xBE], [0xEF, 0xB7, 0x90],
    ]

    /// Each with the place of the byte at which it cannot go on; its length where only its end is wrong.
    private static let invalid: [([UInt8], Int)] = [
        // Continuations without a beginning.
        ([0x80], 0), ([0xBF], 0), ([0x80, 0xBF], 0), ([UInt8](0x80...0xBF), 0),
        // Beginnings without continuations.
        ([0xC2, 0x20], 1), ([0xDF, 0x20], 1), ([0xE1, 0x20], 1), ([0xEF, 0xBF, 0x20], 2), ([0xF1, 0x20], 1),
        ([0xF1, 0x80, 0x20], 2), ([0xF1, 0x80, 0x80, 0x20], 3), ([0xC2, 0xC2], 1), ([0xE1, 0x80, 0xE1], 2),
        // Bytes that never are.
        ([0xFE], 0), ([0xFF], 0), ([0xFE, 0xFE, 0xFF, 0xFF], 0), ([0xF5], 0), ([0xF8, 0x88, 0x80, 0x80, 0x80], 0),
        ([0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], 0),
        // Longer than need be.
        ([0xC0, 0xAF], 0), ([0xE0, 0x80, 0xAF], 1), ([0xF0, 0x80, 0x80, 0xAF], 1), ([0xC1, 0xBF], 0),
        ([0xE0, 0x9F, 0xBF], 1), ([0xF0, 0x8F, 0xBF, 0xBF], 1), ([0xC0, 0x80], 0),
        // Halves of UTF-16 pairs.
        ([0xED, 0xA0, 0x80], 1), ([0xED, 0xAD, 0xBF], 1), ([0xED, 0xAE, 0x80], 1), ([0xED, 0xBF, 0xBF], 1),
        ([0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80], 1),
        // Past the last character.
        ([0xF4, 0x90, 0x80, 0x80], 1), ([0xF7, 0xBF, 0xBF, 0xBF], 0),
        // Cut off.
        ([0xC2], 1), ([0xE0, 0xA0], 2), ([0xF4, 0x8F, 0xBF], 3), ([0xCE, 0xBA, 0xE1, 0xBD], 4), ([0xE1], 1),
        ([0xF0], 1),
    ]

    @Test("is valid in one frame, and in fragments cut anywhere", arguments: valid)
    func isValid(text: [UInt8]) {
        for prefix in ["", "a", "abcdefghijklm", "é"] {
            let text = Array(prefix.utf8) + text
            #expect(heard([TestFrame(1, text)]).events == [.text(text)])
            for cut in 0...text.count {
                let frames = [
                    TestFrame(1, Array(text[..<cut]), isFinal: false), .more(Array(text[cut...]), isFinal: true),
                ]
                #expect(heard(frames).events == [.text(text)])
            }
        }
    }

    @Test("that is not valid ends with 1007 at its first bad byte, however it is cut", arguments: invalid)
    func isInvalid(text: [UInt8], bad: Int) {
        for prefix in ["", "a", "abcdefghijklmnopq", "日本"] {
            let before = Array(prefix.utf8)
            let whole = before + text
            #expect(heard([TestFrame(1, whole)]).failure == 1007)
            for cut in 0...whole.count {
                let begin = TestFrame(1, Array(whole[..<cut]), isFinal: false)
                #expect(heard([begin, .more(Array(whole[cut...]), isFinal: true)]).failure == 1007)
                #expect(heard([begin]).failure == (cut > before.count + bad ? 1007 : nil), "\(whole) cut at \(cut)")
            }
            // Byte by byte within one frame that is still coming: no byte more than the bad one is needed.
            let frame = TestFrame(1, whole + [65, 65, 65, 65]).bytes
            let head = frame.count - whole.count - 4
            let end = head + before.count + bad
            #expect(heard(Array(frame[..<end]), cutAt: Array(0..<end)).events.isEmpty)
            let one = Array(frame[...end])
            #expect(heard(one, cutAt: Array(0..<one.count)).failure == 1007)
        }
    }

    @Test("is what the standard library takes for it, for every two bytes and seeded longer ones")
    func againstTheStandardLibrary() {
        var generator = SeededGenerator(seed: 6455)
        let leads: [UInt8] = [
            0x41, 0x7F, 0x80, 0xBF, 0xC1, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0x9F, 0xA0, 0x8F, 0x90,
        ]
        func check(_ bytes: [UInt8]) -> Bool {
            var utf8 = IncrementalUTF8()
            var start = 0
            var isFine = true
            while start < bytes.count, isFine {
                let end = min(bytes.count, start + Int.random(in: 1...9, using: &generator))
                isFine = utf8.take(bytes.span.extracting(start..<end))
                start = end
            }
            return (isFine && utf8.isComplete) == (String(validating: bytes, as: UTF8.self) != nil)
        }
        for first in UInt8.min...(.max) {
            for second in UInt8.min...(.max) where !check([first, second]) { Issue.record("\(first) \(second)") }
        }
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...24, using: &generator)).map { _ in
                leads[Int.random(in: 0..<leads.count, using: &generator)]
            }
            if !check(bytes) { Issue.record("\(bytes)") }
        }
        for _ in 0..<2000 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<30).compactMap { _ in
                        Unicode.Scalar(UInt32.random(in: 0...0x1F_FFFF, using: &generator) % 0x11_0000)
                    }))
            var bytes = Array(text.utf8)
            if !check(bytes) { Issue.record("\(bytes)") }
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            if !check(bytes) { Issue.record("\(bytes)") }
        }
    }

    @Test("of bytes need not be UTF-8")
    func binary() {
        #expect(heard([TestFrame(2, [0xFF, 0xC0])]).events == [.binary([0xFF, 0xC0])])
    }
}
