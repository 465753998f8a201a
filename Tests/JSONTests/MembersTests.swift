import Base
import JSON
import Testing

@Suite("Exchanging one member of a JSON text")
struct MembersTests {
    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("the scanner sees the members that the document has", arguments: 0..<300 as Range<UInt64>)
    func agrees(seed: UInt64) throws {
        var random = RandomJSON(seed: seed &+ 1000)
        let value = random.object()
        let bytes = Array(random.spelling(of: value).utf8)
        let root = try JSONDocument(bytes).root
        let scanned = Array(JSONMembers(of: bytes))
        try #require(scanned.count == root.count)
        for (found, member) in zip(scanned, root.members) {
            #expect(try JSON(Array(bytes[found.key])).string == member.key.string)
            #expect(try JSON(Array(bytes[found.value])) == JSON(member.value))
        }
        guard let key = value.object?.last?.key else { return }
        let first = try #require(value.object?.firstIndex { $0.key == key })
        var expected = try #require(value.object)
        expected[first].value = "new"
        #expect(try JSON(JSONMembers.replacing(key, with: Array(#""new""#.utf8), in: bytes)) == .object(expected))
        expected.remove(at: first)
        #expect(try JSON(JSONMembers.removing(key, in: bytes)) == .object(expected))
        var extended = value
        extended["added"] = 1
        #expect(try JSON(JSONMembers.setting("added", to: [0x31], in: bytes)) == extended)
    }

    @Test(
        "every other byte stays",
        arguments: [
            (#"{"model":"a"}"#, #"{"model":"N"}"#),
            (
                "{ \"x\" : 1e5 ,\n \"model\" :\t\"a\\\"}\" , \"y\":[ \"model\" ,{ }]}\n",
                "{ \"x\" : 1e5 ,\n \"model\" :\t\"N\" , \"y\":[ \"model\" ,{ }]}\n"
            ),
            (#"{"y":{"model":1},"model":null}"#, #"{"y":{"model":1},"model":"N"}"#),
            (#"{"mod\u0065l":"a","z":12345678901234567890}"#, #"{"mod\u0065l":"N","z":12345678901234567890}"#),
            (#"{"model":"a","model":"b"}"#, #"{"model":"N","model":"b"}"#), (#"{"Model":1}"#, #"{"Model":1}"#),
            ("[]", "[]"), ("{}", "{}"), (#""model""#, #""model""#),
            (#"{"a\\":"model","model":0}"#, #"{"a\\":"model","model":"N"}"#),
        ]
    )
    func replacing(text: String, expected: String) {
        #expect(Self.text(JSONMembers.replacing("model", with: Array(#""N""#.utf8), in: Array(text.utf8))) == expected)
    }

    @Test("a member is added or removed with its comma")
    func settingAndRemoving() {
        let set = { (text: String) in Self.text(JSONMembers.setting("k", to: [0x31], in: Array(text.utf8))) }
        #expect(set("{}") == #"{"k":1}"#)
        #expect(set("{ \"a\":0 } ") == "{ \"a\":0 ,\"k\":1} ")
        #expect(set(#"{"k":[2,3],"a":0}"#) == #"{"k":1,"a":0}"#)
        let removed = { (text: String) in Self.text(JSONMembers.removing("k", in: Array(text.utf8))) }
        #expect(removed(#"{"k":1}"#) == "{}")
        #expect(removed(#"{"k":1, "a":2}"#) == #"{"a":2}"#)
        #expect(removed(#"{"a":2 , "k":{"x":[]} , "b":3}"#) == #"{"a":2 , "b":3}"#)
        #expect(removed(#"{"a":2}"#) == #"{"a":2}"#)
    }
}
