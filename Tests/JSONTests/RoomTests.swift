import Base
import JSON
import Testing

@Suite("Writing JSON into what room there is")
struct RoomTests {
    /// As the grammar has it, a character after the other.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "\"") { result, scalar in
            switch scalar {
            case "\"": result += #"\""#
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\r": result += #"\r"#
            case "\t": result += #"\t"#
            case "\u{8}": result += #"\b"#
            case "\u{c}": result += #"\f"#
            case "\u{0}"..<"\u{20}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                result += #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        } + "\""
    }

    private static func prefix(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "p"), count: count) }

    @Test("a string that grows six times as long goes on where the room ended", arguments: 0..<70)
    func growing(before: Int) {
        for text in ["\u{1}", "\u{2028}", "\"", "a\u{1f}", "\u{2027}", "abcdefghijklmno\n", ""] {
            for count in [0, 1, 2, 3, 15, 16, 17, 33, 300] {
                let whole = String(repeating: text, count: count)
                var writer = JSONWriter(Self.prefix(before), reserving: 0)
                writer.string(whole)
                #expect(writer.bytes == Self.prefix(before) + Array(Self.escaped(whole).utf8))
            }
        }
    }

    @Test("every way to write a text gives the same", arguments: 0..<300 as Range<UInt64>)
    func everyWay(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        // From nearly nothing to escape to nearly everything.
        let letters = String(repeating: "x", count: Int.random(in: 0..<40, using: &random.generator))
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &random.generator) { text += letters + random.string() }
        let expected = Array(Self.escaped(text).utf8)
        var (plain, utf8, tree, key) = (JSONWriter(), JSONWriter(), JSONWriter(), JSONWriter(reserving: 0))
        plain.string(text)
        #expect(plain.bytes == expected)
        utf8.string(utf8: Array(text.utf8))
        #expect(utf8.bytes == expected)
        // As a key, as the only string of a document and before others.
        let member = [UInt8(ascii: "{")] + expected + [UInt8(ascii: ":")]
        let source = member + [UInt8(ascii: "[")] + expected + Array(",1,".utf8) + expected + Array(",true]}".utf8)
        tree.value(try JSONDocument(source).root)
        #expect(tree.bytes == source)
        var alone = JSONWriter()
        alone.value(try JSONDocument(expected).root)
        #expect(alone.bytes == expected)
        key.beginObject()
        key.key(text)
        #expect(key.bytes == member)
    }

    @Test("a value of a document goes on where the room ended", arguments: 0..<130)
    func values(before: Int) throws {
        let text =
            #"{"a":[0,-9223372036854775808,9223372036854775807,18446744073709551615,-2.2250738585072014e-308,0.5],"#
            + #""":{},"b":[[],[{}],{"c":null}],"long":"\u0001 and \"more\" than sixteen bytes","e":[true,false,1.5]}"#
        let root = try JSONDocument(text).root
        var writer = JSONWriter(Self.prefix(before), reserving: 0)
        writer.beginArray()
        // Twice, for the comma between them.
        writer.value(root)
        writer.value(root)
        writer.endArray()
        #expect(writer.bytes == Self.prefix(before) + Array("[\(text),\(text)]".utf8))
    }

    @Test("a part of a document is written as it stands there")
    func parts() throws {
        let root = try JSONDocument(#"{"a": [1.5, {"b": "x"}, "y"], "c": 2}"#).root
        let expected = [
            #"{"a":[1.5,{"b":"x"},"y"],"c":2}"#, #"[1.5,{"b":"x"},"y"]"#, "1.5", #"{"b":"x"}"#, #""y""#, "2",
        ]
        let nodes = [root, root["a"], root["a"]?[0], root["a"]?[1], root["a"]?[2], root["c"]]
        for (node, text) in zip(nodes, expected) {
            var writer = JSONWriter()
            writer.value(try #require(node))
            #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
        }
    }

    @Test("what holds more levels than a request may is written as it was read", arguments: [1, 63, 64, 65, 72, 127])
    func deep(levels: Int) throws {
        // Objects and arrays by turns, with something after each of them.
        var text = "0"
        for level in 0..<levels { text = level % 3 == 0 ? "[\(text),1]" : #"{"a":\#(text),"b":[],"c":2.5}"# }
        // The empty array in the innermost object is a level more.
        let document = try JSONDocument(Array(text.utf8), maxDepth: levels + 1)
        var writer = JSONWriter()
        writer.value(document.root)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test("whole numbers of any kind have the same digits")
    func numbers() {
        var writer = JSONWriter()
        writer.beginArray()
        for value in [0, 7, 10, -1, .max, .min] as [Int] { writer.int(value) }
        for value in [0, 100, .max, .min] as [Int64] { writer.int(value) }
        writer.int(UInt64.max)
        writer.int(Int8.min)
        writer.beginObject()
        writer.member("a", Int.min)
        writer.member("b", Int64.min)
        writer.member("c", 1)
        writer.endObject()
        writer.endArray()
        let (most, least) = ("9223372036854775807", "-9223372036854775808")
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == "[0,7,10,-1,\(most),\(least),0,100,\(most),\(least),18446744073709551615,-128,"
                + #"{"a":\#(least),"b":\#(least),"c":1}]"#)
    }
}
