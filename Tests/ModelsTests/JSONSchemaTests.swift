import Base
import JSON
import Models
import Testing

/// One keyword: what it lets through, and what it says of what it doesn't.
struct SchemaRow: Sendable, CustomTestStringConvertible {
    let schema: String
    let valid: [String]
    let invalid: [(instance: String, says: String)]

    init(_ schema: String, valid: [String], invalid: [(String, String)]) {
        self.schema = schema
        self.valid = valid
        self.invalid = invalid
    }

    var testDescription: String { schema }

    static func violations(_ schema: String, _ instance: String) throws -> [SchemaViolation] {
        try JSONSchema(compiling: JSONDocument(schema).root, param: "schema")
            .violations(in: JSONDocument(instance).root)
    }

    func check() throws {
        for instance in valid {
            #expect(try Self.violations(schema, instance) == [], "\(schema) and \(instance)")
        }
        for (instance, says) in invalid {
            let found = try Self.violations(schema, instance)
            #expect(found.map(\.message) == [says], "\(schema) and \(instance)")
            #expect(found.allSatisfy { $0.kind == .mismatch })
        }
    }
}

@Suite("Answers against a JSON schema")
struct JSONSchemaTests {
    static let values = [
        SchemaRow(
            #"{"type":"integer"}"#, valid: ["1", "1.0", "-0.0", "18446744073709551615", "1e300"],
            invalid: [
                ("1.5", "The answer must be an integer, but is a number with a fraction"),
                (#""1""#, "The answer must be an integer, but is a string"),
                ("true", "The answer must be an integer, but is a boolean"),
            ]),
        SchemaRow(
            #"{"type":["string","null"]}"#, valid: [#""""#, "null"],
            invalid: [("{}", "The answer must be null or a string, but is an object")]),
        SchemaRow(
            #"{"type":"number"}"#, valid: ["1", "0.5"],
            invalid: [("[]", "The answer must be a number, but is an array")]),
        SchemaRow(
            #"{"enum":["a",1,{"x":[1.0],"y":null}]}"#,
            valid: [#""a""#, "1.0", #"{"y":null,"x":[1]}"#],
            invalid: [
                (#""b""#, "The answer must be one of 'a', 1, an object"),
                ("true", "The answer must be one of 'a', 1, an object"),
                (#"{"y":null,"x":[2]}"#, "The answer must be one of 'a', 1, an object"),
            ]),
        SchemaRow(#"{"const":"é"}"#, valid: [#""\u00e9""#], invalid: [(#""e\u0301""#, "The answer must be 'é'")]),
        SchemaRow(#"{"const":false}"#, valid: ["false"], invalid: [("0", "The answer must be false")]),
        SchemaRow(
            #"{"const":9223372036854775808}"#, valid: ["9223372036854775808"],
            invalid: [("9223372036854775807", "The answer must be 9223372036854775808")]),
        SchemaRow(
            #"{"minimum":3}"#, valid: ["3", "3.5", #""x""#], invalid: [("2.5", "The answer must be at least 3")]),
        SchemaRow(
            #"{"exclusiveMinimum":-0.5}"#, valid: ["-0.25"], invalid: [("-0.5", "The answer must be more than -0.5")]),
        SchemaRow(
            #"{"maximum":9007199254740992}"#, valid: ["9007199254740992", "9007199254740992.0"],
            invalid: [("9007199254740993", "The answer must be at most 9007199254740992")]),
        SchemaRow(
            #"{"exclusiveMaximum":1e300}"#, valid: ["18446744073709551615"],
            invalid: [("1e300", "The answer must be less than 1e+300")]),
        SchemaRow(
            #"{"multipleOf":0.01}"#, valid: ["4.35", "0", "-1", "1e300", "0.07"],
            invalid: [
                ("0.075", "The answer must be a multiple of 0.01"), ("5e-324", "The answer must be a multiple of 0.01"),
            ]),
        SchemaRow(
            #"{"multipleOf":3}"#, valid: ["9", "18446744073709551615"],
            invalid: [("18446744073709551614", "The answer must be a multiple of 3")]),
        SchemaRow(
            #"{"minLength":2,"maxLength":2}"#, valid: [#""ab""#, #""😀é""#, "3"],
            invalid: [
                (#""😀""#, "The answer must have at least 2 characters, but has 1"),
                (#""abc""#, "The answer must have at most 2 characters, but has 3"),
            ]),
        SchemaRow(#"{"format":"date","contentEncoding":"base64","x-own":[3]}"#, valid: [#""no date""#], invalid: []),
        SchemaRow("true", valid: ["null", "{}"], invalid: []),
        SchemaRow("false", valid: [], invalid: [("null", "The answer is not allowed")]),
    ]

    static let structure = [
        SchemaRow(
            #"{"properties":{"people":{"items":{"properties":{"age":{"type":"integer"}}}}}}"#,
            valid: [#"{"people":[{"age":3},{}]}"#, "{}", "[]"],
            invalid: [(#"{"people":[{"age":"x"}]}"#, "/people/0/age must be an integer, but is a string")]),
        SchemaRow(
            #"{"properties":{"a/b~c":{"type":"null"}}}"#, valid: [#"{"a/b~c":null}"#],
            invalid: [(#"{"a/b~c":1}"#, "/a~1b~0c must be null, but is a number")]),
        SchemaRow(
            #"{"required":["a","a"]}"#, valid: [#"{"a":null}"#, "[]"],
            invalid: [(#"{"b":1}"#, "The answer must have the member 'a', which is missing")]),
        SchemaRow(
            #"{"properties":{"a":true},"additionalProperties":false}"#, valid: [#"{"a":1}"#],
            invalid: [(#"{"a":1,"b":2}"#, "/b is not allowed")]),
        SchemaRow(
            #"{"propertyNames":{"maxLength":1}}"#, valid: [#"{"a":1}"#],
            invalid: [(#"{"ab":1}"#, "The name of /ab must have at most 1 character, but has 2")]),
        SchemaRow(
            #"{"minProperties":1,"maxProperties":1}"#, valid: [#"{"a":1}"#],
            invalid: [
                ("{}", "The answer must have at least 1 member, but has 0"),
                (#"{"a":1,"b":1}"#, "The answer must have at most 1 member, but has 2"),
            ]),
        SchemaRow(
            #"{"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"maxProperties":1}}}"#,
            valid: [#"{"a":1,"b":1}"#, #"{"b":1}"#, #"{"c":1}"#],
            invalid: [
                (#"{"a":1}"#, "The answer must have the member 'b', because it has 'a'"),
                (#"{"c":1,"d":1}"#, "The answer must have at most 1 member, but has 2"),
            ]),
        SchemaRow(
            #"{"dependencies":{"a":["b"],"c":{"required":["d"]}}}"#, valid: [#"{"a":1,"b":1}"#, #"{"c":1,"d":1}"#],
            invalid: [
                (#"{"a":1}"#, "The answer must have the member 'b', because it has 'a'"),
                (#"{"c":1}"#, "The answer must have the member 'd', which is missing"),
            ]),
        SchemaRow(
            #"{"prefixItems":[{"type":"null"}],"items":{"type":"string"}}"#, valid: ["[]", #"[null,"a"]"#],
            invalid: [
                ("[1]", "/0 must be null, but is a number"), ("[null,1]", "/1 must be a string, but is a number"),
            ]),
        SchemaRow(
            #"{"items":[{"type":"null"}],"additionalItems":false}"#, valid: ["[]", "[null]"],
            invalid: [("[null,1]", "/1 is not allowed")]),
        SchemaRow(
            #"{"minItems":1,"maxItems":1}"#, valid: ["[1]"],
            invalid: [
                ("[]", "The answer must have at least 1 element, but has 0"),
                ("[1,2]", "The answer must have at most 1 element, but has 2"),
            ]),
        SchemaRow(
            #"{"uniqueItems":true}"#, valid: ["[1,true,\"1\",[1],{\"a\":1}]", "[\"é\",\"e\\u0301\"]"],
            invalid: [
                ("[1,1.0]", "The answer must not have equal elements, but element 1 equals one before it"),
                (
                    #"[{"a":1,"b":2},{"b":2,"a":1}]"#,
                    "The answer must not have equal elements, but element 1 equals one before it"
                ),
            ]),
        SchemaRow(
            #"{"contains":{"type":"null"},"minContains":2,"maxContains":2}"#, valid: ["[null,1,null]"],
            invalid: [
                ("[null]", "The answer must have at least 2 elements that the schema's 'contains' fits, but has 1"),
                (
                    "[null,null,null]",
                    "The answer must have at most 2 elements that the schema's 'contains' fits, but has 3"
                ),
            ]),
        SchemaRow(
            #"{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}"#, valid: [#"{"a":1}"#],
            invalid: [(#"{"a":1,"b":2}"#, "/b is not allowed")]),
        SchemaRow(
            #"{"anyOf":[{"prefixItems":[true]},{"prefixItems":[true,{"const":2}]}],"unevaluatedItems":false}"#,
            valid: ["[1,2]"], invalid: [("[1,3]", "/1 is not allowed")]),
    ]

    static let combinations = [
        SchemaRow(
            #"{"allOf":[{"type":"integer"},{"minimum":2}]}"#, valid: ["2"],
            invalid: [("1", "The answer must be at least 2")]),
        SchemaRow(
            #"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, valid: ["null", #""""#],
            invalid: [("3", "The answer must be null or a string, but is a number")]),
        // Only one of the forms is for an object, so the fault is told by that one.
        SchemaRow(
            ##"{"anyOf":[{"$ref":"#/$defs/p"},{"type":"null"}],"$defs":{"p":{"type":"object","required":["n"]}}}"##,
            valid: [#"{"n":1}"#, "null"], invalid: [("{}", "The answer must have the member 'n', which is missing")]),
        SchemaRow(
            #"{"oneOf":[{"minimum":5},{"multipleOf":2}]}"#, valid: ["4", "7"],
            invalid: [
                ("3", "The answer fits none of the 2 allowed forms"),
                ("6", "The answer fits several of the 2 allowed forms, but must fit exactly one"),
            ]),
        SchemaRow(
            #"{"not":{"type":"null"}}"#, valid: ["1"],
            invalid: [("null", "The answer has a form that the schema excludes by 'not'")]),
        SchemaRow(
            #"{"if":{"minimum":10},"then":{"multipleOf":10},"else":{"const":1}}"#, valid: ["20", "1"],
            invalid: [("11", "The answer must be a multiple of 10"), ("2", "The answer must be 1")]),
        SchemaRow(
            ##"{"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}}}"##, valid: [#"{"next":{"next":{"v":1}}}"#],
            invalid: [(#"{"next":{"next":{"v":"x"}}}"#, "/next/next/v must be an integer, but is a string")]),
        SchemaRow(
            ##"{"$ref":"#/x~1y/%61%20b","x/y":{"a b":{"$ref":"#named"}},"$defs":{"n":{"$anchor":"named","const":1}}}"##,
            valid: ["1"], invalid: [("2", "The answer must be 1")]),
        // `$ref` hides its neighbours in draft 7 alone.
        SchemaRow(
            ##"{"$ref":"#/definitions/a","maximum":1,"definitions":{"a":{"minimum":0}}}"##, valid: ["1"],
            invalid: [("2", "The answer must be at most 1"), ("-1", "The answer must be at least 0")]),
        SchemaRow(
            ##"""
            {"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a","maximum":1,
             "definitions":{"a":{"minimum":0}}}
            """##,
            valid: ["2"], invalid: [("-1", "The answer must be at least 0")]),
        // Within a schema with an `$id`, `#` means that schema.
        SchemaRow(
            ##"""
            {"properties":{"a":{"$id":"https://x/a","$ref":"#/$defs/n","$defs":{"n":{"const":1}}}},
             "$defs":{"n":{"const":2}}}
            """##,
            valid: [#"{"a":1}"#], invalid: [(#"{"a":2}"#, "/a must be 1")]),
    ]

    @Test("each keyword holds both ways and says what is wrong", arguments: values + structure + combinations)
    func keyword(row: SchemaRow) throws { try row.check() }

    @Test("all that is wrong is told, in order and up to the limit")
    func several() throws {
        let schema = try JSONSchema(
            compiling: JSONDocument(#"{"items":{"type":"string","minLength":2}}"#).root, param: "schema")
        let answer = try JSONDocument(#"[1,"a","ab",null]"#).root
        #expect(schema.violations(in: answer).map(\.path) == ["/0", "/1", "/3"])
        #expect(schema.violations(in: answer, limit: 2).map(\.path) == ["/0", "/1"])
        #expect(schema.violations(in: answer, limit: -1).count == 1)
    }

    @Test("a member that stands twice is told, and each of the two is checked")
    func duplicates() throws {
        let found = try SchemaRow.violations(#"{"properties":{"a":{"type":"null"}}}"#, #"{"a":null,"a":1}"#)
        #expect(found.map(\.kind) == [.duplicateKey, .mismatch])
        #expect(
            found.map(\.message) == [
                "The answer must not have the member 'a' twice", "/a must be null, but is a number",
            ])
        #expect(try SchemaRow.violations("true", #"[{"b":[{"a":1,"a":1}]}]"#).map(\.path) == ["/0/b/0"])
    }

    @Test("sentences hold no values of the answer, and names cut short and without control characters")
    func secrets() throws {
        let secret = "sk-0123456789"
        for schema in [
            "{\"const\":1}", "{\"maxLength\":1}", "{\"type\":\"null\"}", "{\"enum\":[\"a\"]}", "false", "{\"not\":{}}",
        ] {
            let found = try SchemaRow.violations(schema, "\"\(secret)\"")
            #expect(found.count == 1 && !found[0].message.contains(secret))
        }
        let long = String(repeating: "k", count: 10_000)
        let found = try SchemaRow.violations(#"{"additionalProperties":false}"#, #"{"\#(long)":1,"a\nb":1}"#)
        #expect(found.map(\.path) == ["/" + String(repeating: "k", count: 64) + "…", "/a\u{fffd}b"])
    }
}
