import Base
import JSON
import Testing

@Suite("Writing JSON and reading it again")
struct WritingTests {
    @Test("random values survive the round trip", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let value = random.value()
        #expect(try JSON(value.bytes) == value)
        let spelled = random.spelling(of: value)
        #expect(try JSON(Array(spelled.utf8)) == value)
        var writer = JSONWriter()
        writer.value(try JSONDocument(spelled).root)
        #expect(writer.bytes == value.bytes)
    }

    @Test("random bytes never trap", arguments: 0..<20 as Range<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array(#"{}[]":,\u0dD8ea1-.+ tfn"#.utf8) + [0, 0xff, 0xc3, 0xa9, 0x80, 0x0a]
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            if let document = try? JSONDocument(bytes) { _ = JSON(document.root) }
            for member in JSONMembers(of: bytes) { #expect(member.value.upperBound <= bytes.count) }
            _ = JSONMembers.replacing("a", with: [0x30], in: bytes)
            _ = JSONMembers.setting("a", to: [0x30], in: bytes)
            _ = JSONMembers.removing("a", in: bytes)
        }
    }

    @Test(
        "strings are escaped as they must be, and no more",
        arguments: [
            ("plain", #""plain""#), ("", #""""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t\u{8}\u{c}", #""\n\r\t\b\f""#),
            ("\u{0}\u{1}\u{1f}", #""\u0000\u0001\u001f""#), ("é😀/", #""é😀/""#),
            ("\u{2028}x\u{2029}", #""\u2028x\u2029""#),
            ("\u{2027}…", "\"\u{2027}…\""), ("\n\ndata: x", #""\n\ndata: x""#),
        ]
    )
    func strings(text: String, expected: String) {
        var writer = JSONWriter()
        writer.string(text)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
        #expect(String(decoding: JSON.string(text).bytes, as: UTF8.self) == expected)
        var bytesWriter = JSONWriter()
        bytesWriter.string(utf8: Array(text.utf8))
        #expect(bytesWriter.bytes == writer.bytes)
    }

    @Test("numbers are the shortest that read back, and no number is null")
    func numbers() {
        let values: JSON = [
            0.1, 1e21, -0.0, .double(.leastNonzeroMagnitude), 3.0, 7, -9_223_372_036_854_775_808, .double(.nan),
            .double(.infinity),
        ]
        #expect(
            String(decoding: values.bytes, as: UTF8.self)
                == "[0.1,1e+21,-0.0,5e-324,3.0,7,-9223372036854775808,null,null]"
        )
    }

    @Test("commas are right in every nesting")
    func commas() {
        var writer = JSONWriter(Array("data: ".utf8))
        writer.beginObject()
        writer.member("a", 1)
        writer.key("b")
        writer.beginArray()
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.string("x")
        writer.endArray()
        writer.member("c", orNull: nil)
        writer.member("d", ifPresent: nil as String?)
        writer.member("e", raw: Array("[ 1 ]".utf8))
        writer.member("f", true)
        writer.member("g", 0.5)
        writer.member("h", ["i": [nil, 2]] as JSON)
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"data: {"a":1,"b":[{},[],"x"],"c":null,"e":[ 1 ],"f":true,"g":0.5,"h":{"i":[null,2]}}"#
        )
    }

    @Test("a value is changed through its keys")
    func subscripts() {
        var value: JSON = ["a": 1, "b": [true, "x"]]
        value["c"] = "new"
        value["a"] = nil
        value["b"] = 2
        value["missing"] = nil
        #expect(value == ["b": 2, "c": "new"])
        #expect(value["c"]?.string == "new")
        #expect(([1, 2] as JSON)[1]?.int == 2)
        #expect(([1, 2] as JSON)[2] == nil)
    }
}
