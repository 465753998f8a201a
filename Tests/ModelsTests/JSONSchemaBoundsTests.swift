import Base
import JSON
import Models
import Synchronization
import Testing

@Suite("What a JSON schema may cost")
struct JSONSchemaBoundsTests {
    static func schema(_ text: String, patterns: JSONSchema.PatternCompiler? = nil) throws -> JSONSchema {
        try JSONSchema(compiling: JSONDocument(text).root, param: "schema", patterns: patterns)
    }

    static func list(_ count: Int, _ element: (Int) -> String) -> String {
        (0..<count).map(element).joined(separator: ",")
    }

    @Test("ten thousand forms are compiled and tried")
    func manyForms() throws {
        let schema = try Self.schema("{\"anyOf\":[\(Self.list(10_000) { "{\"const\":\"v\($0)\"}" })]}")
        #expect(schema.violations(in: try JSONDocument(#""v9999""#).root) == [])
        let found = schema.violations(in: try JSONDocument(#""v10000""#).root)
        #expect(found.map(\.message) == ["The answer fits none of the 10000 allowed forms"])
    }

    @Test("more schemas than are followed are refused, the last one that may be is not")
    func tooMany() throws {
        let names = { (count: Int) in "{\"properties\":{\(Self.list(count) { "\"p\($0)\":true" })}}" }
        #expect(throws: Never.self) { try Self.schema(names(JSONSchema.maxSubschemas - 1)) }
        let error = #expect(throws: CodedError.self) { try Self.schema(names(JSONSchema.maxSubschemas)) }
        #expect(error?.param == "schema.properties.p\(JSONSchema.maxSubschemas - 1)")
        let far = "{\"x\":{\(Self.list(200_000) { "\"p\($0)\":true" })},\"$ref\":\"#/x/p1\"}"
        #expect(throws: CodedError.self) { try Self.schema(far) }
    }

    @Test("forms that double at every step end with the budget, and say so")
    func doubling() throws {
        let schema = try Self.schema(
            """
            {"$ref":"#/$defs/d0","$defs":{"d100":{"type":"integer"},\(Self.list(100) {
                "\"d\($0)\":{\"anyOf\":[{\"$ref\":\"#/$defs/d\($0 + 1)\"},{\"$ref\":\"#/$defs/d\($0 + 1)\"}]}"
            })}}
            """)
        let found = schema.violations(in: try JSONDocument(#""x""#).root)
        #expect(found.map(\.kind) == [.undecided])
        #expect(found.map(\.path) == [""])
        #expect(schema.violations(in: try JSONDocument("1").root) == [])
    }

    @Test("a chain of schemas longer than the stack may grow is undecided, a shorter one is followed")
    func chains() throws {
        let answer = try JSONDocument("1").root
        for link in [
            ##"{"$ref":"#/$defs/NEXT"}"##, ##"{"anyOf":[{"$ref":"#/$defs/NEXT"},{"type":"null"}]}"##,
            ##"{"if":{"$ref":"#/$defs/NEXT"},"else":false}"##, ##"{"not":{"not":{"$ref":"#/$defs/NEXT"}}}"##,
        ] {
            let chain = { (count: Int) in
                "{\"$ref\":\"#/$defs/d0\",\"$defs\":{\"d\(count)\":{\"type\":\"null\"},"
                    + Self.list(count) { "\"d\($0)\":" + link.replacing("NEXT", with: "d\($0 + 1)") } + "}}"
            }
            #expect(try Self.schema(chain(100)).violations(in: answer).map(\.kind) == [.mismatch], "\(link)")
            #expect(try Self.schema(chain(1000)).violations(in: answer).map(\.kind) == [.undecided], "\(link)")
        }
    }

    @Test("an answer as deep as there may be is checked to its bottom")
    func deep() throws {
        let schema = try Self.schema(
            ##"{"anyOf":[{"type":"integer"},{"type":"array","items":{"allOf":[{"$ref":"#"}]}}]}"##)
        let nested = { (leaf: String) in
            String(repeating: "[", count: JSONDocument.maxDepth) + leaf
                + String(repeating: "]", count: JSONDocument.maxDepth)
        }
        #expect(schema.violations(in: try JSONDocument(nested("1")).root) == [])
        let found = schema.violations(in: try JSONDocument(nested(#""x""#)).root)
        #expect(found.map(\.path) == [String(repeating: "/0", count: JSONDocument.maxDepth)])
    }

    @Test("whatever the budget, what is found is true, and nothing is called right that was not looked at")
    func everyBudget() throws {
        let schema = try Self.schema(
            ##"""
            {"type":"array","uniqueItems":true,"contains":{"type":"null"},"items":{"$ref":"#/$defs/i"},
             "unevaluatedItems":false,"$defs":{"i":{"oneOf":[{"type":"null"},{"type":"object","required":["a"],
             "properties":{"a":{"enum":[1,"x"]}},"not":{"required":["b"]},"if":{"required":["c"]},
             "then":{"properties":{"c":{"anyOf":[{"minLength":3},{"maxLength":1}]}}},
             "dependentRequired":{"a":["c"]},"unevaluatedProperties":false}]}}}
            """##)
        for (text, isValid) in [
            (#"[null,{"a":1,"c":"abc"},{"a":"x","c":"a"}]"#, true), (#"[{"a":2,"c":"ab"},{"a":1,"b":0}]"#, false),
        ] {
            let answer = try JSONDocument(text).root
            let all = schema.violations(in: answer, steps: 100_000)
            #expect(all.isEmpty == isValid && all.allSatisfy { $0.kind == .mismatch })
            for steps in 1...300 {
                let found = schema.violations(in: answer, steps: steps)
                #expect(found.allSatisfy { $0.kind == .undecided || all.contains($0) }, "\(steps) steps")
                #expect(found.last?.kind == .undecided || found == all, "\(steps) steps")
            }
            #expect(schema.violations(in: answer, steps: 300) == all)
        }
    }
}

@Suite("Patterns in a JSON schema")
struct JSONSchemaPatternTests {
    /// Patterns that are plain texts.
    static let plain: JSONSchema.PatternCompiler = { (pattern: String) throws(CodedError) -> JSONSchema.Pattern? in
        if pattern == "(" { throw CodedError(.invalidValue, "The pattern does not end.") }
        if pattern == "skip" { return nil }
        return { text in String(decoding: text, as: UTF8.self).contains(pattern) }
    }

    static func isValid(_ schema: String, _ instance: String, _ engine: Bool) throws -> Bool {
        try JSONSchemaBoundsTests.schema(schema, patterns: engine ? plain : nil)
            .violations(in: JSONDocument(instance).root).isEmpty
    }

    /// Schema, answer, whether it is right, and whether that can be told without an engine.
    static let rows: [(String, String, isValid: Bool, isPlain: Bool)] = [
        (#"{"pattern":"a"}"#, #""cat""#, true, true), (#"{"pattern":"a"}"#, #""dog""#, false, false),
        (#"{"pattern":"a"}"#, "3", true, true), (#"{"type":"null","pattern":"a"}"#, #""dog""#, false, true),
        (#"{"not":{"pattern":"a"}}"#, #""dog""#, true, true), (#"{"not":{"pattern":"a"}}"#, #""cat""#, false, false),
        (#"{"oneOf":[{"pattern":"a"},{"pattern":"b"}]}"#, #""cab""#, false, false),
        (#"{"oneOf":[{"pattern":"a"},{"pattern":"b"}]}"#, #""cat""#, true, true),
        (#"{"oneOf":[{},{},{"pattern":"a"}]}"#, #""cat""#, false, true),
        (#"{"anyOf":[{"pattern":"a"},{"type":"null"}]}"#, #""dog""#, false, false),
        (#"{"if":{"pattern":"a"},"then":false,"else":{"minLength":4}}"#, #""dog""#, false, true),
        (#"{"if":{"pattern":"a"},"then":false}"#, #""dog""#, true, true),
        (#"{"contains":{"pattern":"a"}}"#, #"["dog"]"#, false, false),
        (#"{"contains":{"pattern":"a"},"minContains":2}"#, #"["dog"]"#, false, true),
        (#"{"patternProperties":{"a":{"type":"null"}}}"#, #"{"cat":1}"#, false, false),
        (#"{"patternProperties":{"a":{}},"additionalProperties":false}"#, #"{"cat":1}"#, true, true),
        (#"{"patternProperties":{"a":{}},"additionalProperties":false}"#, #"{"dog":1}"#, false, false),
        (#"{"patternProperties":{"a":{}},"unevaluatedProperties":false}"#, #"{"cat":1}"#, true, true),
        (#"{"patternProperties":{"a":{}},"unevaluatedProperties":false}"#, #"{"dog":1}"#, false, false),
        (#"{"propertyNames":{"pattern":"a"}}"#, #"{"dog":1}"#, false, false),
        (#"{"patternProperties":{"skip":{}},"additionalProperties":false}"#, #"{"dog":1}"#, true, true),
    ]

    @Test(
        "are checked where an engine is given, and never make a right answer wrong where none is",
        arguments: rows.indices)
    func patterns(index: Int) throws {
        let row = Self.rows[index]
        #expect(try Self.isValid(row.0, row.1, true) == row.isValid, "\(row.0) and \(row.1)")
        #expect(try Self.isValid(row.0, row.1, false) == (row.isValid || !row.isPlain), "\(row.0) and \(row.1)")
    }

    @Test("are made once, and refused at their place")
    func compiling() throws {
        let made = Mutex(0)
        let counting: JSONSchema.PatternCompiler = { (_: String) throws(CodedError) -> JSONSchema.Pattern? in
            made.withLock { $0 += 1 }
            return { _ in true }
        }
        let schema = try JSONSchemaBoundsTests.schema(#"{"items":{"pattern":"a"}}"#, patterns: counting)
        #expect(schema.violations(in: try JSONDocument(#"["a","b"]"#).root) == [])
        #expect(made.withLock { $0 } == 1)
        let error = #expect(throws: CodedError.self) {
            try JSONSchemaBoundsTests.schema(#"{"properties":{"a":{"pattern":"("}}}"#, patterns: Self.plain)
        }
        #expect(error?.param == "schema.properties.a.pattern")
    }
}
