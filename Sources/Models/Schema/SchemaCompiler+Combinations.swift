internal import Base
internal import JSON

/// Keywords that combine schemas, name them and refer to them.
extension SchemaCompiler {
    mutating func compileCombinations(_ keywords: inout SchemaKeywords) throws(CodedError) {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            guard let ids = try schemas(keyword, keywords) else { continue }
            guard !ids.isEmpty else { throw refusal(keywords, keyword, "must hold at least one schema") }
            switch keyword {
            case "allOf": keywords.rules.append(.all(ids))
            case "anyOf": keywords.rules.append(.any(ids))
            default: keywords.rules.append(.one(ids))
            }
        }
        if let id = try schema("not", keywords) { keywords.rules.append(.not(id)) }
        let condition = try schema("if", keywords)
        let then = try schema("then", keywords)
        let otherwise = try schema("else", keywords)
        if let condition { keywords.rules.append(.condition(condition, then: then, otherwise: otherwise)) }
    }

    /// The schemas that are only there to be referred to, and the name of this one.
    mutating func compileNames(_ keywords: SchemaKeywords) throws(CodedError) {
        for keyword in ["$defs", "definitions"] {
            for member in try members(keyword, keywords) {
                _ = try subschema(at: member.place)
            }
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let name = try string(keyword, keywords) { try add(anchor: name.utf8[...], keywords, keyword) }
        }
        if let name = try string("$id", keywords), name.hasPrefix("#") {
            try add(anchor: name.utf8.dropFirst(), keywords, "$id")
        }
    }

    private mutating func add(
        anchor name: Substring.UTF8View, _ keywords: SchemaKeywords, _ keyword: String
    ) throws(CodedError) {
        let anchor = Anchor(resource: places[keywords.place].resource, name: Array(name)[...])
        guard anchors.updateValue(keywords.id, forKey: anchor) ?? keywords.id == keywords.id else {
            throw refusal(keywords, keyword, "gives a name that another schema has")
        }
    }

    /// The target is found later: it may not be compiled yet.
    mutating func compileReference(_ keywords: inout SchemaKeywords) throws(CodedError) {
        for keyword in ["$dynamicRef", "$recursiveRef"] where keywords.fields[keyword] != nil {
            throw refusal(keywords, keyword, "cannot be followed. Use '$ref'")
        }
        guard let text = try string("$ref", keywords) else { return }
        pending.append(
            PendingReference(
                subschema: keywords.id, rule: keywords.rules.count, place: keywords.place, text: text))
        keywords.rules.append(.reference(keywords.id))
    }
}
