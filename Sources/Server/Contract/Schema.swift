internal import JSON

/// JSON Schema, draft 2020-12, in few words.
enum Schema {
    /// One member of an object.
    struct Member: Sendable {
        let name: String
        let schema: JSON
        let isRequired: Bool

        /// It must be there.
        static func must(_ name: String, _ schema: JSON, _ meaning: String? = nil) -> Member {
            Member(name: name, schema: schema.meaning(meaning), isRequired: true)
        }
        /// A request may leave it out, or say `null` for the same.
        static func may(_ name: String, _ schema: JSON, _ meaning: String? = nil) -> Member {
            Member(name: name, schema: Schema.orNull(schema).meaning(meaning), isRequired: false)
        }
        /// An answer may leave it out.
        static func sometimes(_ name: String, _ schema: JSON, _ meaning: String? = nil) -> Member {
            Member(name: name, schema: schema.meaning(meaning), isRequired: false)
        }
    }

    /// Any text. JSON can say a NUL, and the server's reader takes none.
    static let text: JSON = ["type": "string", "pattern": withoutNUL]
    /// The value of a header.
    static let header: JSON = ["type": "string"]
    static let flag: JSON = ["type": "boolean"]
    static let null: JSON = ["type": "null"]
    /// Any value.
    static let anything: JSON = ["propertyNames": memberNames]
    /// An object of any members.
    static let anyObject: JSON = ["type": "object", "propertyNames": memberNames]
    static let count: JSON = ["type": "integer", "minimum": 0]
    static let milliseconds: JSON = ["type": "number", "minimum": 0]
    /// What a request, a conversation or a persona may be called.
    static let identifier: JSON = ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"]
    /// What an event of a run is called: the run's id and the event's sequence.
    static let eventID: JSON = ["type": "string", "pattern": "^(run_[0-9a-f-]{36}:[0-9]{1,18})?$"]

    /// What goes into other messages and into logs: the bounds of `FieldReader.name`.
    static let name: JSON = [
        "type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[^\\u0000-\\u001F\\u007F]*$",
    ]
    /// The letters, digits and signs of base64, padded or not, of at least one byte.
    static let base64 =
        "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{4})"

    private static let withoutNUL: JSON = "^[^\\u0000]*$"
    private static let memberNames: JSON = ["pattern": withoutNUL]

    static func ref(_ component: String) -> JSON { ["$ref": .string("#/components/schemas/\(component)")] }

    static func filled(_ meaning: String? = nil) -> JSON {
        (["type": "string", "minLength": 1, "pattern": withoutNUL] as JSON).meaning(meaning)
    }

    static func constant(_ text: String) -> JSON { ["type": "string", "const": .string(text)] }

    static func one(of texts: [String]) -> JSON {
        ["type": "string", "enum": .array(texts.map { .string($0) })]
    }

    static func one(of texts: String...) -> JSON { one(of: texts) }

    static func any(_ schemas: JSON...) -> JSON { ["anyOf": .array(schemas)] }

    static func integer(_ least: Int64, _ most: Int64 = .max) -> JSON {
        ["type": "integer", "minimum": .int(least), "maximum": .int(most)]
    }

    static func number(_ range: ClosedRange<Double>) -> JSON {
        ["type": "number", "minimum": .double(range.lowerBound), "maximum": .double(range.upperBound)]
    }

    static func list(_ element: JSON, least: Int64? = nil, most: Int64? = nil) -> JSON {
        var schema: JSON = ["type": "array", "items": element]
        if let least { schema["minItems"] = .int(least) }
        if let most { schema["maxItems"] = .int(most) }
        return schema
    }

    /// - Parameter isClosed: Whether other members than these are errors.
    static func object(_ members: [Member], isClosed: Bool) -> JSON {
        var schema: JSON = [
            "type": "object", "properties": .object(members.map { JSON.Member($0.name, $0.schema) }),
        ]
        let required = members.filter(\.isRequired)
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0.name) }) }
        schema["additionalProperties"] = .bool(!isClosed)
        if !isClosed { schema["propertyNames"] = memberNames }
        return schema
    }

    static func open(_ members: Member...) -> JSON { object(members, isClosed: false) }
    static func closed(_ members: Member...) -> JSON { object(members, isClosed: true) }

    static func orNull(_ schema: JSON) -> JSON {
        var schema = schema
        guard let type = schema["type"]?.string, schema["enum"] == nil, schema["const"] == nil else {
            // What allows anything allows null as well.
            return schema == anything ? schema : any(schema, null)
        }
        if type == "null" { return schema }
        schema["type"] = [.string(type), "null"]
        return schema
    }
}

extension JSON {
    /// The same schema with a description.
    func meaning(_ text: String?) -> JSON {
        guard let text else { return self }
        var schema = self
        schema["description"] = .string(text)
        return schema
    }
}
