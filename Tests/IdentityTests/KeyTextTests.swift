import Base
import Identity
import Testing

@Suite("Keys as text")
struct KeyTextTests {
    private static func key(_ seed: UInt64) -> String {
        var generator = SeededGenerator(seed: seed)
        return KeyText.make(using: &generator).reveal()
    }

    @Test("a new key is the prefix and forty letters and digits, another one each time")
    func made() {
        var seen: Set<String> = []
        var digits: Set<Character> = []
        for seed in 0..<500 as Range<UInt64> {
            let key = Self.key(seed)
            #expect(key.hasPrefix("tutti_") && key.utf8.count == 46)
            #expect(
                key.dropFirst(6).utf8.allSatisfy { $0 < 0x80 }
                    && key.dropFirst(6).allSatisfy { $0.isLetter || $0.isNumber })
            #expect(KeyText.problem(of: Secret(key)) == nil)
            seen.insert(key)
            digits.formUnion(key.dropFirst(6).prefix(34))
        }
        #expect(seen.count == 500)
        #expect(digits.count == 62, "every digit is drawn: \(digits.count)")
    }

    @Test("a slip of the hand is told: a character changed, lost, doubled or swapped with the next")
    func slips() {
        let key = Array(Self.key(7))
        for place in 6..<key.count {
            var changed = key
            changed[place] = key[place] == "x" ? "y" : "x"
            var lost = key
            lost.remove(at: place)
            var doubled = key
            doubled.insert(key[place], at: place)
            var swapped = key
            swapped.swapAt(place, place == key.count - 1 ? place - 1 : place + 1)
            for wrong in [changed, lost, doubled, swapped] where wrong != key {
                #expect(KeyText.problem(of: Secret(String(wrong))) != nil, "\(place)")
            }
        }
    }

    @Test("keys that were made elsewhere are taken if they are long enough and printable")
    func elsewhere() {
        #expect(KeyText.problem(of: Secret(String(repeating: "k", count: 32))) == nil)
        #expect(KeyText.problem(of: Secret(String(repeating: "~", count: 256))) == nil)
        #expect(KeyText.problem(of: Secret(String(repeating: "k", count: 31)))?.contains("31") == true)
        #expect(KeyText.problem(of: Secret(String(repeating: "k", count: 257))) != nil)
        for inside in [" ", "\t", "\n", "\u{0}", "\u{7f}", "é"] {
            let key = String(repeating: "k", count: 40) + inside
            let problem = KeyText.problem(of: Secret(key))
            #expect(problem != nil && problem?.contains("kkk") == false)
        }
    }
}
