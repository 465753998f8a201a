import Base
import Testing

@testable import LocalModels

@Suite("What a schema costs")
struct SchemaCostTests {
    private func refusal(_ schema: String) -> String? {
        do throws(CodedError) { try SchemaCost.check(schema) } catch {
            #expect(error.code == .invalidValue && error.param == "response_format")
            return error.message
        }
        return nil
    }

    @Test(
        "schemas of every day pass, trees and lists of themselves among them",
        arguments: [
            #"{"type":"object"}"#, "true",
            #"{"type":"object","properties":{"a":{"type":"string","pattern":"^[a-z]{1,40}$"},"b":{"enum":[1,"x"]}}}"#,
            ##"{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}}}"##,
            ##"{"$defs":{"n":{"anyOf":[{"type":"null"},{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}}}]}},"$ref":"#/$defs/n"}"##,
            ##"{"$defs":{"a/b":{"type":"string"}},"properties":{"x":{"$ref":"#/$defs/a~1b"},"y":{"$ref":"#/$defs/a~1b"}}}"##,
            ##"{"properties":{"x":{"$ref":"https://elsewhere.example/schema"},"y":{"$ref":"#/nowhere"}}}"##,
            #"{"properties":{"p":{"pattern":"^(\\(\\d{3}\\) )?[^)]{3}-\\d{4}$"}}}"#,
        ])
    func passes(_ schema: String) { #expect(refusal(schema) == nil) }

    @Test(
        "a reference that stands for itself is refused, whatever way it takes",
        arguments: [
            ##"{"$defs":{"a":{"$ref":"#/$defs/a"}},"allOf":[{"$ref":"#/$defs/a"}]}"##,
            ##"{"$ref":"#"}"##,
            ##"{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"oneOf":[{"$ref":"#/$defs/a"}]}]}},"$ref":"#/$defs/b"}"##,
            ##"{"$defs":{"v":{"properties":{"p":{"$ref":"#/$defs/w"}},"allOf":[{"$ref":"#/$defs/w"}]},"w":{"allOf":[{"$ref":"#/$defs/v"}]}},"properties":{"q":{"$ref":"#/$defs/v"}}}"##,
        ])
    func loops(_ schema: String) { #expect(refusal(schema)?.contains("leads back to itself") == true) }

    @Test(
        "repetitions that multiply are refused, and those that add up too",
        arguments: [
            ("^((((a?){40}){40}){40}){40}$", true), ("(a{1000}){3}", true), ("a{99999999999999999999}", false),
            ("a{1999}", false), ("(ab){1000}c", true), ("[{(]{9}(", false), ("}{)(", false), ("\\\\(a{5}", false),
        ])
    func patterns(_ row: (pattern: String, isRefused: Bool)) {
        let schema = #"{"type":"string","pattern":"\#(row.pattern)"}"#
        #expect((refusal(schema) != nil) == row.isRefused)
    }

    @Test("references that double at every step are refused at once")
    func doubling() {
        let steps = (0..<40).map {
            ##""a\##($0)":{"anyOf":[{"$ref":"#/$defs/a\##($0 + 1)"},{"$ref":"#/$defs/a\##($0 + 1)"}]}"##
        }
        let schema = ##"{"$defs":{\##(steps.joined(separator: ",")),"a40":{"type":"string"}},"$ref":"#/$defs/a0"}"##
        #expect(refusal(schema)?.contains("too large") == true)
    }

    @Test("an object of very many properties is refused")
    func properties() {
        let members = (0..<300).map { "\"p\($0)\":{}" }.joined(separator: ",")
        #expect(refusal("{\"properties\":{\(members)}}")?.contains("properties") == true)
    }
}
