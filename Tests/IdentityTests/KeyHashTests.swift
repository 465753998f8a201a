import Base
import Testing

@testable import Identity

@Suite("Hashes of keys")
struct KeyHashTests {
    private static let pepper = String(repeating: "p", count: 40)

    @Test("a hash is HMAC-SHA-256 under the pepper, beside the pepper's mark, as another implementation computes both")
    func known() throws {
        let pepper = try #require(Pepper(Secret(Self.pepper)))
        let hash = try #require(pepper.hash(Array("tutti_abc".utf8)))
        #expect(
            hash.description
                == "hmac-sha256.ecedb5a4.fe7addf0c7d5ec3cd580294c361865bcc3ae2da37c9ff614b5b458880bb5bc5b")
    }

    @Test("a hash reads back from its text, in digits of either case")
    func reading() throws {
        let pepper = try #require(Pepper(Secret(Self.pepper)))
        for text in ["", "a", String(repeating: "x", count: 256)] {
            let hash = try #require(pepper.hash(Array(text.utf8)))
            #expect(KeyHash(hash.description) == hash)
            let capitals = "hmac-sha256" + hash.description.dropFirst(11).uppercased()
            #expect(KeyHash(capitals) == hash)
        }
    }

    private static let sound = "hmac-sha256.00c0ffee." + String(repeating: "0f", count: 32)

    @Test(
        "every other text is no hash",
        arguments: [
            "", "x", String(sound.dropLast()), sound + "0", " " + sound.dropLast(), sound.replacing(".", with: ":"),
            sound.replacing("hmac", with: "HMAC"), sound.replacing("sha256", with: "sha512"),
            sound.replacing("00c0ffee", with: "00c0ffe+"), sound.replacing("00c0ffee", with: "+0c0ffee"),
            String(sound.dropLast()) + "g", String(sound.dropLast(2)) + "é",
            sound.replacing("00c0ffee.", with: "00c0ffee0"),
            String(repeating: ".", count: 85), String(repeating: "0", count: 64),
        ])
    func unsound(_ text: String) {
        #expect(KeyHash(Self.sound) != nil)
        #expect(KeyHash(text) == nil)
    }

    @Test("hashes differ wherever one bit does, and so do those of another pepper")
    func differing() throws {
        let hash = try #require(KeyHash(Self.sound))
        for place in Self.sound.indices
        where Self.sound[place].isHexDigit && place >= Self.sound.index(Self.sound.startIndex, offsetBy: 12) {
            var text = Self.sound
            text.replaceSubrange(place...place, with: Self.sound[place] == "1" ? "2" : "1")
            let other = try #require(KeyHash(text))
            #expect(!hash.isSame(as: other) && hash != other)
        }
        let first = try #require(Pepper(Secret(Self.pepper)))
        let second = try #require(Pepper(Secret(Self.pepper + "p")))
        #expect(first.mark != second.mark)
        #expect(first.hash([1]) != second.hash([1]))
    }

    @Test(
        "a pepper has 32 to 1024 bytes", arguments: [(0, false), (31, false), (32, true), (1024, true), (1025, false)])
    func lengths(count: Int, isSound: Bool) {
        #expect((Pepper(Secret(String(repeating: "x", count: count))) != nil) == isSound)
    }

    @Test("many threads hash with one pepper at once")
    func atOnce() async throws {
        let pepper = try #require(Pepper(Secret(Self.pepper)))
        let expected = (0..<64).map { pepper.hash([UInt8($0)])?.description }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<64).allSatisfy { index in
                        (0..<50).allSatisfy { _ in pepper.hash([UInt8(index)])?.description == expected[index] }
                    }
                }
            }
            for await isSame in group { #expect(isSame) }
        }
    }
}
