import Base
import JSON
import Models
import Testing

@Suite("JSON schemas that cannot be followed")
struct JSONSchemaRefusalTests {
    /// A schema, the place that the error names behind `schema`, and words of its sentence.
    struct Row: Sendable, CustomTestStringConvertible {
        let schema: String
        let place: String
        let says: String

        var testDescription: String { schema.count > 100 ? "\(schema.prefix(100))…" : schema }
    }

    static let references = [
        Row(schema: ##"{"$ref":"#"}"##, place: "", says: "leads back to itself"),
        Row(
            schema:
                ##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"allOf":[{"$ref":"#/$defs/a"}]}},"items":{}}"##,
            place: ".$defs.a", says: "leads back to itself"),
        Row(schema: ##"{"anyOf":[{"type":"null"},{"not":{"$ref":"#"}}]}"##, place: "", says: "leads back to itself"),
        Row(schema: ##"{"if":{"dependentSchemas":{"a":{"$ref":"#"}}}}"##, place: "", says: "leads back to itself"),
        Row(
            schema: #"{"properties":{"a":{"$ref":"https://x/y.json"}}}"#, place: ".properties.a.$ref",
            says: "leads out of the schema"),
        Row(schema: #"{"$ref":"file:///etc/passwd"}"#, place: ".$ref", says: "leads out of the schema"),
        Row(schema: #"{"$ref":"other#/a"}"#, place: ".$ref", says: "leads out of the schema"),
        Row(schema: #"{"$ref":""}"#, place: ".$ref", says: "leads out of the schema"),
        Row(schema: ##"{"$ref":"#/$defs/a"}"##, place: ".$ref", says: "leads nowhere"),
        Row(schema: ##"{"$ref":"#a"}"##, place: ".$ref", says: "leads nowhere"),
        Row(schema: ##"{"items":[{},{"$ref":"#/items/2"}]}"##, place: ".items[1].$ref", says: "leads nowhere"),
        Row(schema: ##"{"$ref":"#/title","title":"x"}"##, place: ".title", says: "must be a schema"),
        Row(schema: ##"{"$dynamicRef":"#a"}"##, place: ".$dynamicRef", says: "cannot be followed"),
    ]

    static let types = [
        Row(schema: "[]", place: "", says: "must be a schema"),
        Row(schema: #"{"type":"text"}"#, place: ".type", says: "must be one of 'null', 'boolean'"),
        Row(schema: #"{"type":["string",3]}"#, place: ".type", says: "must be one of"),
        Row(
            schema: #"{"properties":{"a":{"minimum":"3"}}}"#, place: ".properties.a.minimum",
            says: "must be a number, but is a string"),
        Row(
            schema: #"{"exclusiveMinimum":true}"#, place: ".exclusiveMinimum",
            says: "must be a number, but is a boolean"),
        Row(schema: #"{"multipleOf":0}"#, place: ".multipleOf", says: "must be above 0"),
        Row(schema: #"{"maxLength":-1}"#, place: ".maxLength", says: "whole number"),
        Row(schema: #"{"minItems":1.5}"#, place: ".minItems", says: "whole number"),
        Row(schema: #"{"required":true}"#, place: ".required", says: "must be an array of strings"),
        Row(schema: #"{"required":["a",1]}"#, place: ".required", says: "must be an array of strings"),
        Row(schema: #"{"enum":"a"}"#, place: ".enum", says: "must be an array, but is a string"),
        Row(schema: #"{"properties":[]}"#, place: ".properties", says: "must be an object, but is an array"),
        Row(schema: #"{"properties":{"a":1}}"#, place: ".properties.a", says: "must be a schema"),
        Row(schema: #"{"anyOf":[]}"#, place: ".anyOf", says: "at least one schema"),
        Row(schema: #"{"oneOf":[true,null]}"#, place: ".oneOf[1]", says: "must be a schema"),
        Row(schema: #"{"pattern":3}"#, place: ".pattern", says: "must be a string, but is a number"),
        Row(schema: #"{"uniqueItems":1}"#, place: ".uniqueItems", says: "must be true or false"),
        Row(
            schema: #"{"dependentRequired":{"a":"b"}}"#, place: ".dependentRequired",
            says: "must be an array of strings"),
        Row(schema: #"{"type":"null","type":"string"}"#, place: "", says: "has the member 'type' twice"),
        Row(schema: #"{"properties":{"a":{},"a":{}}}"#, place: ".properties", says: "has the member 'a' twice"),
        Row(
            schema: #"{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}"#, place: ".$defs.b.$anchor",
            says: "another schema has"),
    ]

    @Test("are refused with the place", arguments: references + types)
    func refused(row: Row) throws {
        let node = try JSONDocument(row.schema).root
        let error = #expect(throws: CodedError.self) { try JSONSchema(compiling: node, param: "schema") }
        #expect(error?.code == .invalidValue)
        #expect(error?.param == "schema" + row.place)
        #expect(error?.message.contains(row.says) == true)
        #expect(error?.message.hasPrefix("'schema\(row.place)' ") == true)
    }

    @Test("references that go into the answer are followed, also in circles")
    func recursion() throws {
        for schema in [
            ##"{"properties":{"a":{"$ref":"#"}}}"##, ##"{"anyOf":[{"items":{"$ref":"#"}},{"type":"null"}]}"##,
            ##"{"$defs":{"a":{"contains":{"$ref":"#b"}},"b":{"$anchor":"b","items":{"$ref":"#/$defs/a"}}}}"##,
            ##"{"propertyNames":{"$ref":"#"}}"##, ##"{"unevaluatedProperties":{"$ref":"#"}}"##,
        ] {
            #expect(throws: Never.self) { try JSONSchema(compiling: JSONDocument(schema).root, param: "schema") }
        }
    }

    @Test("the path and the sentence stay short, whatever the names in the schema")
    func longNames() throws {
        let name = String(repeating: "n", count: 100_000)
        var schema = #"{"type":3}"#
        for _ in 0..<20 { schema = "{\"properties\":{\"\(name)\":\(schema)}}" }
        let node = try JSONDocument(schema).root
        let error = #expect(throws: CodedError.self) { try JSONSchema(compiling: node, param: "schema") }
        #expect((1...600).contains(error?.param?.utf8.count ?? 0))
        #expect((1...1000).contains(error?.message.utf8.count ?? 0))
    }
}
