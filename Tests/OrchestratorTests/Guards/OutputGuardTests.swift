import Base
import Models
import Testing

@testable import Orchestrator

@Suite("The output guard over pieces of a text")
struct OutputGuardTests {
    private static let redact = GuardSettings(output: .redact)

    static func run(_ pieces: [some StringProtocol], _ settings: GuardSettings = redact) -> (String, GuardFindings) {
        guard var stream = GuardedStream(settings) else { return (pieces.joined(), GuardFindings()) }
        var events: [ModelEvent] = []
        for piece in pieces { stream.take(ModelEvent(.text(String(piece))), into: &events) }
        stream.finish(into: &events)
        return (text(of: events), stream.findings)
    }

    private static func text(of events: [ModelEvent]) -> String {
        events.reduce(into: "") { if case .text(let text) = $1.kind { $0 += text } }
    }

    /// How much of the text is decided after each piece, in bytes.
    static func decided(_ pieces: [String], _ settings: GuardSettings = redact) -> [Int] {
        var finder = SecretFinder(settings.patterns)
        var edits: [SecretFinder.Edit] = []
        return pieces.map { piece in
            finder.take(piece, &edits)
            return finder.settled
        }
    }

    @Test("every line is redacted as it is marked")
    func lines() {
        for line in GuardCorpus.lines {
            let (text, findings) = Self.run([line.text])
            #expect(text == line.redacted)
            #expect(findings.total == line.secrets.count)
            #expect(findings.isRedacted)
        }
    }

    @Test("a line that is cut in two, at whatever byte, is redacted as the whole")
    func cutInTwo() {
        for line in GuardCorpus.lines {
            let scalars = line.text.unicodeScalars
            var place = scalars.startIndex
            while place != scalars.endIndex {
                let (text, findings) = Self.run([line.text[..<place], line.text[place...]])
                #expect(text == line.redacted)
                #expect(findings.total == line.secrets.count)
                place = scalars.index(after: place)
            }
        }
    }

    @Test("a line that comes character by character is redacted as the whole")
    func characters() {
        for line in GuardCorpus.lines {
            #expect(Self.run(line.text.unicodeScalars.map { String($0) }).0 == line.redacted)
        }
    }

    @Test("the whole corpus as one text, cut at random, gives the same each time", arguments: 0..<24)
    func cutAtRandom(seed: Int) {
        let text = GuardCorpus.lines.map(\.text).joined(separator: "\n")
        let expected = GuardCorpus.lines.map(\.redacted).joined(separator: "\n")
        var generator = SeededGenerator(seed: UInt64(seed))
        #expect(Self.run(Self.pieces(of: text, upTo: 1 << (seed % 12), &generator)).0 == expected)
    }

    static func pieces(of text: String, upTo most: Int, _ generator: inout SeededGenerator) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text).unicodeScalars
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...most, using: &generator))
            pieces.append(String(piece))
            rest.removeFirst(piece.count)
        }
        return pieces
    }

    @Test("what is held back is no more than the longest finding needs before it is certain")
    func bound() {
        for line in GuardCorpus.lines {
            var finder = SecretFinder(GuardPatterns())
            var edits: [SecretFinder.Edit] = []
            let hasKey = line.secrets.contains { $0.kind == .key }
            for scalar in line.text.unicodeScalars {
                finder.take(String(scalar), &edits)
                #expect(finder.end - finder.settled <= (hasKey ? 200 : 100))
            }
        }
        // Longer than any key that anybody has, and none of it certain before its second dot.
        var finder = SecretFinder(GuardPatterns())
        var edits: [SecretFinder.Edit] = []
        let key = GuardCorpus.key("jwt")
        for byte in (key.prefix(40) + String(repeating: "A", count: 4000)).unicodeScalars {
            finder.take(String(byte), &edits)
            #expect(finder.end - finder.settled <= 1100)
        }
    }

    @Test("words that begin nothing are not held back beyond their end")
    func words() {
        let long = String(repeating: "a", count: 100)
        #expect(Self.decided(["Hello wor", "ld, ", "this is all", ".\n"]) == [6, 13, 21, 26])
        #expect(Self.decided([long, "世界。"]) == [100, 109])
    }

    @Test("under flag every piece passes at once, and the same is counted")
    func flag() {
        let settings = GuardSettings(output: .flag)
        for line in GuardCorpus.lines {
            guard var stream = GuardedStream(settings) else { continue }
            var passed: [ModelEvent] = []
            for (number, scalar) in line.text.unicodeScalars.enumerated() {
                stream.take(ModelEvent(.text(String(scalar))), into: &passed)
                #expect(passed.count == number + 1)
            }
            stream.finish(into: &passed)
            #expect(Self.text(of: passed) == line.text)
            #expect(stream.findings.total == line.secrets.count)
            #expect(!stream.findings.isRedacted)
        }
    }

    @Test("behind a word that is too long for an address the country of an account is held back")
    func longWord() {
        let word = String(repeating: ".", count: 70)
        for cut in 0...20 {
            let text = Array((word + "DE89370400440532013000 ").utf8)
            let pieces = [text[..<(word.utf8.count + cut)], text[(word.utf8.count + cut)...]]
            #expect(Self.run(pieces.map { String(decoding: $0, as: UTF8.self) }).0 == word + "[IBAN] ")
        }
        #expect(Self.decided([word + "-DE", " "]) == [73, 74])
    }

    @Test("a text after the end is another one")
    func another() {
        guard var stream = GuardedStream(Self.redact) else { return }
        var passed: [ModelEvent] = []
        stream.take(ModelEvent(.text("jane@exam")), into: &passed)
        #expect(passed.isEmpty)
        stream.finish(into: &passed)
        for piece in ["ple.com ", "jane@example.com "] { stream.take(ModelEvent(.text(piece)), into: &passed) }
        stream.finish(into: &passed)
        #expect(Self.text(of: passed) == "jane@example.com [EMAIL] ")
    }

    @Test("a long text of which most is let go is the same as a short one")
    func longTexts() {
        let text = String(repeating: "Nothing to see here, 12.5 % of 1024. ", count: 3000)
        #expect(Self.run([text]).0 == text)
        let address = "jane@example.com "
        #expect(Self.run([text, address, text]).0 == text + "[EMAIL] " + text)
        #expect(Self.run([text, address, text], GuardSettings(output: .flag)).0 == text + address + text)
        #expect(Self.run([text, address, text], GuardSettings(output: .flag)).1.total == 1)
    }

    @Test("a key goes on for as long as it does, and so does a block", arguments: ["sk1", "jwt", "pem", "pat"])
    func longKeys(name: String) {
        var key = GuardCorpus.key(name)
        if name == "pem" {
            let line = key.split(separator: "\n")[1]
            key = key.replacing(line, with: Array(repeating: line, count: 20).joined(separator: "\n"))
        } else {
            key += String(repeating: "0aB", count: 3000)
        }
        let mark = "before [KEY] after, [EMAIL]"
        #expect(Self.run(["before \(key) after, jane@example.com"]).0 == mark)
        #expect(Self.run("before \(key) after, jane@example.com".unicodeScalars.map { String($0) }).0 == mark)
    }

    @Test("words with hyphens behind a prefix are decided soon, however many there are")
    func hyphens() {
        let text = "sk-" + Array(repeating: "word", count: 100).joined(separator: "-") + " "
        #expect(Self.run([text]).0 == text)
        var finder = SecretFinder(GuardPatterns())
        var edits: [SecretFinder.Edit] = []
        for scalar in text.unicodeScalars {
            finder.take(String(scalar), &edits)
            #expect(finder.end - finder.settled <= 70)
        }
    }

    @Test("a word before a number counts for what is near it, and not for the next line")
    func cues() {
        #expect(Self.run(["phone: 4155552671"]).0 == "phone: [PHONE]")
        #expect(Self.run(["phone:\n4155552671"]).0 == "phone:\n4155552671")
        let far = "phone" + String(repeating: " ", count: 48)
        #expect(Self.run([far + "4155552671"]).0 == far + "4155552671")
        #expect(Self.run(["order 4242424242424242"]).0 == "order 4242424242424242")
        #expect(Self.run(["order\n4242424242424242"]).0 == "order\n[CARD]")
    }

    @Test("any text comes through whole, the same however it is cut", arguments: 0..<200)
    func fuzz(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed) &* 77)
        let alphabet = Array("0123456789 -.+()/@abAKIsk_eyJ:\\\"n\n,#€ü世AIBANDE".unicodeScalars)
        let count = Int.random(in: 0...400, using: &generator)
        var bytes: [UInt8] = []
        for _ in 0..<count {
            if seed % 3 == 0 {
                bytes.append(UInt8.random(in: 0...255, using: &generator))
            } else {
                bytes += String(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]).utf8
            }
        }
        // Words that say what a number is, and digits as such numbers have them.
        let words = [
            "phone", "Tel.", "call ", "order", " id", "card", "SSN", "#", ": ", " is ", " at ", "(", ")", "-", " ",
        ]
        let groups = [
            "415", "555", "2671", "4111", "1111", "06", "12", "123", "6789", "+1", "4242424242424242", "98765",
        ]
        if seed % 5 == 0 {
            bytes = (0..<(count / 4)).flatMap { _ in
                let list = Bool.random(using: &generator) ? words : groups
                return Array(list[Int.random(in: 0..<list.count, using: &generator)].utf8)
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        var settings = Self.redact
        if seed % 2 == 0 {
            let problem = settings.patterns.add(name: "word", pattern: #"\bA[0-9a-z]+\b|sk.{2,5}9"#)
            #expect(problem == nil)
        }
        let (whole, findings) = Self.run([text], settings)
        for most in [1, 3, 40] {
            let (cut, same) = Self.run(Self.pieces(of: text, upTo: most, &generator), settings)
            #expect(cut == whole)
            #expect(same == findings)
        }
        if findings.isEmpty { #expect(whole == text) }
    }
}
