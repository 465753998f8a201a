import Base
import TestKit
import Testing

@testable import Orchestrator

@Suite("The phrases of injections")
struct InjectionPhrasesTests {
    private static func found(in text: String) -> [InjectionSignals.Signal] {
        var found = InjectionSignals.Found()
        InjectionPhrases.all.find(in: InjectionSignals.folded(text), &found)
        return InjectionSignals.Signal.allCases.filter(found.contains)
    }

    @Test("the stems of a pattern hide none of the texts that it matches")
    func stems() throws {
        var random = SeededGenerator(seed: 1)
        for (signal, patterns) in InjectionPatterns.all {
            for (_, pattern) in patterns {
                let expression = try #require(RegularExpression(pattern))
                for _ in 0..<200 {
                    var sampler = PatternSampler(pattern, random)
                    let text = sampler.sample()
                    random = sampler.random
                    #expect(expression.occurs(in: text), "\(pattern) does not match \(text)")
                    #expect(Self.found(in: text).contains(signal), "\(pattern) is not tried on \(text)")
                    #expect(Self.found(in: "Please: " + text).contains(signal))
                }
            }
        }
    }

    @Test("texts are folded alike, whether they are ASCII alone or not")
    func folded() {
        var random = SeededGenerator(seed: 2)
        let pieces = ["A", "z", " ", "  ", "\t", "\n", "\u{0}", "\u{1B}", "\u{7F}", "0", "_", "-", "\r\n"]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }.joined()
            // What does not show is left out, but makes a text one that is not ASCII alone.
            #expect(InjectionSignals.folded(text) == InjectionSignals.folded(text + "\u{AD}"))
        }
        #expect(InjectionSignals.folded("ÄB\u{200B}C  d\u{A0}E") == Array("äbc d e".utf8))
    }
}

/// Makes texts that a pattern of the injections' matches: letters, groups, classes, counts and boundaries.
private struct PatternSampler {
    private let pattern: [Character]
    private var position = 0
    var random: SeededGenerator

    init(_ pattern: String, _ random: SeededGenerator) {
        self.pattern = Array(pattern)
        self.random = random
    }

    mutating func sample() -> String {
        position = 0
        return alternatives()
    }

    private var next: Character? { position < pattern.count ? pattern[position] : nil }

    private mutating func take() -> Character {
        defer { position += 1 }
        return pattern[position]
    }

    private mutating func alternatives() -> String {
        var texts = [sequence()]
        while next == "|" {
            position += 1
            texts.append(sequence())
        }
        return texts[Int.random(in: 0..<texts.count, using: &random)]
    }

    private mutating func sequence() -> String {
        var text = ""
        while let character = next, character != "|", character != ")" {
            let start = position
            let piece = atom()
            var (least, most) = count()
            // Between words that are to be parted.
            if character == "." { least = max(1, least) }
            let end = position
            let times = Int.random(in: least...most, using: &random)
            if times == 0 { continue }
            text += piece
            for _ in 1..<times {
                position = start
                text += atom()
            }
            position = end
        }
        return text
    }

    /// One character or group, without its count.
    private mutating func atom() -> String {
        switch take() {
        case "(":
            let text = alternatives()
            position += 1
            return text
        case "[": return String(one(of: members()))
        case "\\": return escape()
        case ".": return " "
        case "^": return ""
        case let character: return String(character)
        }
    }

    private mutating func members() -> [Character] {
        var members: [Character] = []
        while next != "]" {
            let first = take()
            guard next == "-", pattern[position + 1] != "]" else {
                members.append(first)
                continue
            }
            position += 1
            let last = take()
            members += "abcdefghijklmnopqrstuvwxyz0123456789".filter { $0 >= first && $0 <= last }
        }
        position += 1
        return members
    }

    private mutating func escape() -> String {
        switch take() {
        // Words are parted in the patterns themselves, or by what stands around them.
        case "b": return ""
        case "w": return "a"
        case "S": return "b"
        case "s": return " "
        case let character: return String(character)
        }
    }

    private mutating func count() -> (least: Int, most: Int) {
        switch next {
        case "?":
            position += 1
            return (0, 1)
        case "*":
            position += 1
            return (0, 2)
        case "{":
            position += 1
            var text = ""
            while next != "}" { text.append(take()) }
            position += 1
            let bounds = text.split(separator: ",", omittingEmptySubsequences: false)
            let least = Int(bounds[0]) ?? 0
            return (least, bounds.count == 1 ? least : min(least + 2, Int(bounds[1]) ?? .max))
        default: return (1, 1)
        }
    }

    private mutating func one(of characters: [Character]) -> Character {
        characters[Int.random(in: 0..<characters.count, using: &random)]
    }
}
