import Base
import TestKit
import Testing

@testable import Orchestrator

@Suite("Sections one behind the other")
struct SectionWriterTests {
    @Test("the same text comes out however the sections come in, and nothing is shown before its turn")
    func anyOrder() {
        for seed in 0..<500 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let names = (0..<Int.random(in: 1...5, using: &generator)).map { "n\($0)" }
            var pieces = names.map { name in (0..<Int.random(in: 0...4, using: &generator)).map { "\(name).\($0) " } }
            let titled = Bool.random(using: &generator)
            let texts = zip(names, pieces).filter { !$1.isEmpty }.map { (titled ? "## \($0)\n\n" : "") + $1.joined() }
            let expected = texts.joined(separator: "|")
            var writer = SectionWriter(names: names, separator: "|", titled: titled)
            var text = ""
            var open = Set(names.indices)
            while let place = open.randomElement(using: &generator) {
                if pieces[place].isEmpty {
                    open.remove(place)
                    text += writer.end(names[place])
                } else {
                    text += writer.add(pieces[place].removeFirst(), to: names[place])
                }
                #expect(expected.hasPrefix(text), "seed \(seed)")
            }
            #expect(text == expected, "seed \(seed)")
        }
    }

    @Test("of a text that breaks off what was written stays, and what was held goes")
    func brokenOff() {
        var writer = SectionWriter(names: ["a", "b"], separator: "|", titled: false)
        #expect(writer.add("x", to: "a") == "x")
        #expect(writer.add("y", to: "b") == "")
        #expect(writer.breakOff("b") == "")
        #expect(writer.breakOff("a") == "x")
        #expect(writer.add("z", to: "b") == "")
        #expect(writer.end("b") == "")
        #expect(writer.end("a") == "|z")
        #expect(writer.add("late", to: "a") == "")
        #expect(writer.end("unknown") == "")
    }
}
