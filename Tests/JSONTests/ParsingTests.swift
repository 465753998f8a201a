import Base
import Testing

@testable import JSON

@Suite("Reading JSON")
struct ParsingTests {
    static func kind(_ text: String) -> JSONError.Kind? { kind(Array(text.utf8)) }

    static func kind(_ bytes: [UInt8]) -> JSONError.Kind? {
        do {
            _ = try JSONDocument(bytes)
            return nil
        } catch { return error.kind }
    }

    @Test(
        "what is not one JSON value is refused, and says why",
        arguments: [
            ("", .empty), ("   \n", .empty), ("{", .malformed), ("{\"a\":}", .malformed), ("[1,]", .malformed),
            ("{} {}", .malformed), ("1 2", .malformed), ("nul", .malformed), ("'a'", .malformed), ("[1 2]", .malformed),
            ("{\"a\" 1}", .malformed), ("{a:1}", .malformed), ("\"a\nb\"", .malformed), ("\"open", .malformed),
            ("// comment\n1", .malformed), ("NaN", .malformed), ("Infinity", .malformed), ("[1]]", .malformed),
            ("01", .invalidNumber), ("1.", .invalidNumber), ("-", .invalidNumber), ("1e400", .invalidNumber),
            ("[-1e400]", .invalidNumber), ("123456789012345678901234567890", .invalidNumber), ("1e", .invalidNumber),
            (#""\x""#, .invalidString), (#""\u12g4""#, .invalidString),
            (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate), (#""\ud800\u0041""#, .loneSurrogate),
            (#""\ud800\ud800""#, .loneSurrogate), (#"{"\udfff":1}"#, .loneSurrogate),
            (#""a\\\ud83dx""#, .loneSurrogate),
            (#""\u0000""#, .nul), (#"{"a\u0000b":1}"#, .nul), ("\"a\u{0}b\"", .malformed), ("\u{FEFF}{}", .malformed),
        ] as [(String, JSONError.Kind)]
    )
    func refused(text: String, expected: JSONError.Kind) {

        #expect(Self.kind(text) == expected)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0x80]]
            as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        #expect(Self.kind([0x22] + bytes + [0x22]) == .invalidUTF8)
    }

    @Test("a fault in an escape names its byte, and the coded error holds nothing of the input")
    func offsets() throws {
        let error = #expect(throws: JSONError.self) { try JSONDocument(#"{"secret":"\ud800"}"#) }
        #expect(error?.offset == 11)
        #expect(error?.coded.code == .invalidJSON)
        #expect(error?.coded.message.contains("secret") == false)
    }

    @Test(
        "a fault names the field in which it lies",
        arguments: [
            (#"{"model":"m","temperature":1e400}"#, "temperature"), (#"{"a":[0,{"b":01}]}"#, "a[1].b"),
            (#"{"seed":123456789012345678901234567890,"n":1}"#, "seed"), (#"[1,2,-]"#, "[2]"), ("1e400", nil),
            (#"{"ok":-0.5e+3,"big":18446744073709551615,"n":1.}"#, "n"),
            (#"{"messages":[{"content":"a"},{"content":"\ud800"}]}"#, "messages[1].content"),
            (#"{"stop":["a","\\\"b","c\u0000"]}"#, "stop[2]"), (#"{"user":"a\qb"}"#, "user"),
            (#"{"user":"\u12","x":1}"#, "user"), (#"{"a\u0000b":1}"#, nil), (#"{"a":{"b\ud800":1}}"#, "a"),
            (#"{"a b":1e400}"#, nil), (#"{"a":{"x\n":1e400}}"#, "a"), (#"{"a":1"#, nil),
            (#"{"a":{"b":{"c":{"d":{"e":1e400}}}}}"#, "a.b.c.d"),
            // Outside of strings the parser takes `\"` for an escape: nothing closes it.
            (#"1""{\""#, nil), (#"7"a"{\""#, nil), (#"1"" {\""#, nil),
            (
                #"{"messages":"# + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "}",
                "messages[0][0][0]"
            ),
        ] as [(String, String?)]
    )
    func paths(text: String, expected: String?) throws {
        let error = #expect(throws: JSONError.self) { try JSONDocument(text) }
        #expect(error?.path == expected)
        #expect(error?.coded.param == expected)
    }

    @Test("broken text of JSON's own characters has an error, and never traps")
    func broken() {
        var random = SeededGenerator(seed: 6)
        let bytes = Array(#"{}[]",:\\""01-e.nu "#.utf8)
        for _ in 0..<200_000 {
            let text = (0..<Int.random(in: 1..<12, using: &random)).map { _ in
                bytes[Int.random(in: 0..<bytes.count, using: &random)]
            }
            do throws(JSONError) {
                let document = try JSONDocument(text)
                #expect(document.root.kind != .object || text.contains(UInt8(ascii: "}")))
            } catch {
                #expect(error.offset.map { $0 <= text.count } ?? true)
            }
        }
    }

    @Test("a place is found for whatever simdjson says of numbers and strings, and never for what it takes")
    func locating() {
        var random = SeededGenerator(seed: 5)
        let pieces = [#"\"#, #"\u00"#, #"\ud800"#, #"\n"#, "x", "0", "1", "e", "+", "-", "."]
        for _ in 0..<20_000 {
            let value = (0..<Int.random(in: 1..<5, using: &random)).map { _ in pieces.randomElement(using: &random)! }
            let quote = Bool.random(using: &random) ? "\"" : ""
            let text = #"{"a":1.5e3,"b":"# + quote + value.joined() + quote + "}"
            do throws(JSONError) {
                _ = try JSONDocument(text)
                let anything = JSONError(quote.isEmpty ? .invalidNumber : .invalidString)
                #expect(FaultLocator.path(of: anything, in: Array(text.utf8).span) == nil, "\(text)")
            } catch {
                let isField = [.invalidNumber, .invalidString, .loneSurrogate, .nul].contains(error.kind)
                #expect(error.path == (isField ? "b" : nil), "\(text): \(error)")
            }
        }
    }

    @Test(
        "well-formed escapes pass",
        arguments: [
            (#""\ud83d\ude00""#, "😀"), (#""\\ud800""#, #"\ud800"#), (#""\\u0000""#, #"\u0000"#),
            (#""\u00e9\n\/""#, "é\n/"),
            (#""\\\\u0041\u0041""#, #"\\u0041A"#), (#""\uD83D\uDE00\u0001""#, "😀\u{1}"), ("\"\u{2028}\"", "\u{2028}"),
        ]
    )
    func escapes(text: String, expected: String) throws {
        #expect(try JSONDocument(text).root.string == expected)
    }

    @Test("depth is bounded exactly, whatever the containers", arguments: ["[]", "{}", "[1]", "mixed"])
    func depth(shape: String) {
        func nested(_ depth: Int) -> String {
            switch shape {
            case "[]": String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            case "[1]": String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
            case "{}": String(repeating: #"{"a":"#, count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
            default:
                String(repeating: #"[{"a":"#, count: depth / 2) + (depth % 2 == 1 ? "[]" : "0")
                    + String(repeating: "}]", count: depth / 2)
            }
        }
        #expect(Self.kind(nested(63)) == nil)
        #expect(Self.kind(nested(64)) == nil)
        for depth in [65, 160, 511, 100_001] { #expect(Self.kind(nested(depth)) == .tooDeep) }
    }

    @Test("a million brackets are refused without recursion")
    func bracketBomb() {
        #expect(Self.kind([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) != nil)
        #expect(Self.kind(Array(String(repeating: #"{"":"#, count: 1_000_000).utf8)) != nil)
    }

    @Test("a million keys are read, and a thread's parser serves small documents after it")
    func manyKeys() throws {
        var writer = JSONWriter(reserving: 16 << 20)
        writer.beginObject()
        for index in 0..<1_000_000 {
            writer.key("key\(index)")
            writer.int(index)
        }
        writer.endObject()
        let root = try JSONDocument(writer.bytes).root
        #expect(root.count == 1_000_000)
        #expect(root["key999999"]?.int == 999_999)
        #expect(root.duplicateKey == nil)
        #expect(try JSONDocument("[7]").root[0]?.int == 7)
    }

    @Test(
        "numbers keep their value",
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("3.0", 3),
            ("1e3", 1000),
            ("18446744073709551615", nil), ("3.5", nil), ("1e300", nil), ("9223372036854775808", nil),
        ] as [(String, Int64?)]
    )
    func integers(text: String, expected: Int64?) throws {
        #expect(try JSONDocument(text).root.int == expected)
    }

    @Test("doubles and large whole numbers")
    func doubles() throws {
        #expect(try JSONDocument("1.5e-7").root.double == 1.5e-7)
        #expect(try JSONDocument("5e-324").root.double == Double.leastNonzeroMagnitude)
        #expect(try JSONDocument("18446744073709551615").root.uint == UInt64.max)
        #expect(try JSONDocument("-1").root.uint == nil)
        #expect(try JSONDocument("18446744073709551615").root.double == 0x1p64)
        #expect(try JSONDocument("7").root.double == 7)
    }

    @Test("nodes give what is there and nil for what is not")
    func nodes() throws {
        let root = try JSONDocument(#"{"a":[1,"two",null,true,{"b":{}}],"a":2,"":false,"e":[]}"#).root
        #expect(root.kind == .object)
        #expect(root.count == 4)
        #expect(root["a"]?.count == 5)
        #expect(root["a"]?[1]?.string == "two")
        #expect(root["a"]?[1]?.isString("two") == true)
        #expect(root["a"]?[1]?.isString("tw") == false)
        #expect(root["a"]?[2]?.isNull == true)
        #expect(root["a"]?[3]?.bool == true)
        #expect(root["a"]?[4]?["b"]?.kind == .object)
        #expect(root["a"]?[5] == nil)
        #expect(root["a"]?[-1] == nil)
        #expect(root["a"]?["b"] == nil)
        #expect(root[""]?.bool == false)
        #expect(root["nothing"] == nil)
        #expect(root["e"]?.elements.contains { _ in true } == false)
        #expect(root.members.map { $0.key.string } == ["a", "a", "", "e"])
        #expect(root.duplicateKey == "a")
        #expect(root.string == nil && root.int == nil && root.bool == nil && root.double == nil)
    }

    @Test("duplicate keys are found however they are written, among few and many")
    func duplicates() throws {
        #expect(try JSONDocument(#"{"model":1,"b":2,"mod\u0065l":3}"#).root.duplicateKey == "model")
        #expect(try JSONDocument(#"{"a":{"x":1},"b":{"x":1}}"#).root.duplicateKey == nil)
        let many = (0..<100).map { #""k\#($0)":0"# }.joined(separator: ",")
        #expect(try JSONDocument("{\(many)}").root.duplicateKey == nil)
        #expect(try JSONDocument("{\(many),\"k\\u0035\":1}").root.duplicateKey == "k5")
    }

    @Test("an object's fields are found as its members are, and what is missing is missing")
    func fields() throws {
        var generator = SeededGenerator(seed: 11)
        let letters = Array("abcé\u{0}")
        func word() -> String {
            String((0..<Int(generator.next() % 7)).map { _ in letters[Int(generator.next() % 4)] })
        }
        for _ in 0..<200 {
            let names = (0..<Int(generator.next() % 12)).map { _ in word() }
            var writer = JSONWriter()
            writer.beginObject()
            for (index, name) in names.enumerated() {
                writer.key(name)
                writer.int(index)
            }
            writer.endObject()
            let root = try JSONDocument(writer.bytes).root
            for key in names + (0..<20).map({ _ in word() }) {
                #expect(root.fields[key]?.int == names.firstIndex(of: key).map { Int64($0) })
            }
        }
        #expect(try JSONDocument("[1]").root.fields["a"] == nil)
    }
}
