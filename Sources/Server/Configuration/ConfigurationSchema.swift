internal import HTTPServer
internal import JSON

/// The JSON Schema of the configuration file, made from the table of keys; for editors and whoever makes such files. It
/// knows names and forms. What contradicts what, and whether a model is there, `tutti config check` alone can tell.
enum ConfigurationSchema {
    /// Made once.
    static let document: JSON = [
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tutti's configuration",
        "type": ["object", "null"],
        "properties": .object(fixed(under: "") + members + later),
        "additionalProperties": false,
    ]

    static var bytes: [UInt8] { kept.bytes }
    /// As it is served.
    static let kept = KeptBody(document.bytes)

    /// A map with these settings and no others.
    static func map(_ properties: [JSON.Member], required: [String] = []) -> JSON {
        var map: JSON = ["type": "object", "properties": .object(properties), "additionalProperties": false]
        if !required.isEmpty { map["required"] = .array(required.map { .string($0) }) }
        return map
    }

    /// The same, which may also be empty: a section of which every line is a comment.
    static func section(_ properties: [JSON.Member]) -> JSON {
        ["type": ["object", "null"], "properties": .object(properties), "additionalProperties": false]
    }

    static func list(of items: JSON, from least: Int = 0, to most: Int? = nil) -> JSON {
        var list: JSON = ["type": "array", "items": items]
        if least > 0 { list["minItems"] = .int(Int64(least)) }
        if let most { list["maxItems"] = .int(Int64(most)) }
        return list
    }

    /// The keys and sections below a path. As deep as the table.
    static func fixed(under prefix: String, where isWanted: (String) -> Bool = { _ in true }) -> [JSON.Member] {
        let start = prefix.isEmpty ? "" : prefix + "."
        func name(_ path: String) -> String? {
            guard path.hasPrefix(start), isWanted(path) else { return nil }
            let name = path.dropFirst(start.count)
            return name.isEmpty || name.utf8.contains(UInt8(ascii: ".")) ? nil : String(name)
        }
        let keys = ConfigurationKey.all.compactMap { key in name(key.path).map { JSON.Member($0, schema(of: key)) } }
        let sections = ConfigurationKey.sections.sorted().compactMap { path in
            name(path).map { JSON.Member($0, section(fixed(under: path, where: isWanted))) }
        }
        let lists = ConfigurationKey.lists.sorted().compactMap { path in
            name(path).map { JSON.Member($0, path == "auth.keys" ? callerKeys : guardPatterns) }
        }
        return keys + lists + sections
    }

    private static func schema(of key: ConfigurationKey) -> JSON {
        var schema = key.isList ? list(of: key.shape.schema) : key.shape.schema
        schema["description"] = .string("\(key.meaning) Must be \(key.expectation).")
        schema["default"] = key.isList ? .array(values(key)) : values(key).first ?? .null
        return schema
    }

    private static func values(_ key: ConfigurationKey) -> [JSON] {
        key.get(ConfigurationKey.defaults).map { text in
            switch key.shape {
            case .flag: .bool(text == "true")
            case .count: Quantities.count(text).map { .int(Int64($0)) } ?? .string(text)
            case .number: Double(text).map { .double($0) } ?? .string(text)
            default: .string(text)
            }
        }
    }

    /// Sections that a later version will read are not looked into.
    private static var later: [JSON.Member] {
        ConfigurationKey.later.sorted().map { JSON.Member($0, ["description": "Not supported yet, and ignored."]) }
    }
}
