internal import JSON

/// The schemas of answers as those of a tool's arguments, which are always an object.
enum AnswerSchema {
    /// The argument that is the answer where the answer itself is no object.
    static let argument = "answer"

    /// Whether a schema can stand as a tool's: it says that it is an object's, and has nothing at its top that
    /// providers refuse there.
    static func isOfAnObject(_ schema: JSONNode) -> Bool {
        for member in schema.members {
            for key in ["anyOf", "oneOf", "allOf", "not", "if", "$ref", "enum", "const"]
            where member.key.isString(key) {
                return false
            }
        }
        guard let type = schema["type"] else { return schema["properties"]?.kind == .object }
        return type.isString("object")
    }

    /// The schema of an object that has the answer as its only member.
    static func wrapping(_ schema: JSONNode) throws(JSONError) -> JSONNode {
        // Definitions stay at the top, where the most readers look for them, so references to them stay as they are.
        let definitions = schema.members.filter { isDefinitions($0.key) }
        // With an address of its own, a schema is the root of its references wherever it stands.
        let isRoot = schema["$id"]?.kind == .string
        var writer = JSONWriter(reserving: 512)
        writer.beginObject()
        writer.member("type", "object")
        writer.key("properties")
        writer.beginObject()
        writer.key(argument)
        if isRoot {
            writer.value(schema)
        } else {
            writer.beginObject()
            for member in schema.members where !isDefinitions(member.key) { write(member, to: &writer) }
            writer.endObject()
        }
        writer.endObject()
        writer.member("required", .array([.string(argument)]))
        if !isRoot { for member in definitions { write(member, to: &writer) } }
        writer.endObject()
        return try JSONDocument(writer.bytes, maxDepth: JSONDocument.maxDepth + 2).root
    }

    private static func isDefinitions(_ key: JSONNode) -> Bool { key.isString("$defs") || key.isString("definitions") }

    /// A member of a schema. The recursion is bounded by the depth of its document.
    private static func write(_ member: (key: JSONNode, value: JSONNode), to writer: inout JSONWriter) {
        let key = member.key.string ?? ""
        writer.key(key)
        switch key {
        case "$ref", "$dynamicRef":
            if let reference = moved(member.value) {
                writer.string(reference)
            } else {
                write(schema: member.value, to: &writer)
            }
        // Values, and nothing that refers.
        case "const", "enum", "default", "examples": writer.value(member.value)
        case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies":
            guard member.value.kind == .object else { return write(schema: member.value, to: &writer) }
            writer.beginObject()
            for named in member.value.members {
                writer.key(named.key.string ?? "")
                write(schema: named.value, to: &writer)
            }
            writer.endObject()
        default: write(schema: member.value, to: &writer)
        }
    }

    private static func write(schema: JSONNode, to writer: inout JSONWriter) {
        switch schema.kind {
        case .object:
            writer.beginObject()
            for member in schema.members { write(member, to: &writer) }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in schema.elements { write(schema: element, to: &writer) }
            writer.endArray()
        default: writer.value(schema)
        }
    }

    /// A reference within the schema, to the place where it is now.
    private static func moved(_ node: JSONNode) -> String? {
        guard let reference = node.string else { return nil }
        let isPath = reference == "#" || reference.hasPrefix("#/")
        guard isPath, !reference.hasPrefix("#/$defs/"), !reference.hasPrefix("#/definitions/") else { return reference }
        return "#/properties/\(argument)" + reference.dropFirst()
    }
}
