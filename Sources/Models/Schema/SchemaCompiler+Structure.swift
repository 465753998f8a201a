internal import Base
internal import JSON

/// Keywords of arrays and objects.
extension SchemaCompiler {
    mutating func compileArrays(_ keywords: inout SchemaKeywords) throws(CodedError) {
        var rule = ArrayRule()
        rule.prefix = try schemas("prefixItems", keywords) ?? []
        if keywords.fields["items"]?.kind == .array {
            // Draft 7's spelling. Where both are there, the newer one counts.
            let older = try schemas("items", keywords) ?? []
            if keywords.fields["prefixItems"] == nil { rule.prefix = older }
            rule.items = try schema("additionalItems", keywords)
        } else {
            rule.items = try schema("items", keywords)
        }
        rule.contains = try schema("contains", keywords)
        if let count = try range("minContains", "maxContains", keywords) {
            rule.containsCount = CountRule(
                least: keywords.fields["minContains"] == nil ? 1 : count.least, most: count.most)
        }
        rule.isUnique = try bool("uniqueItems", keywords) ?? false
        rule.count = try range("minItems", "maxItems", keywords)
        if rule.looksAtElements || rule.isUnique || rule.count != nil { keywords.rules.append(.array(rule)) }
    }

    mutating func compileObjects(_ keywords: inout SchemaKeywords) throws(CodedError) {
        var rule = ObjectRule()
        for member in try members("properties", keywords) {
            rule.members[member.key, default: .init()].schema = try subschema(
                at: member.place)
        }
        if let value = keywords.fields["required"] {
            for name in try strings(value, "required", keywords) {
                let key = name.stringBytes ?? []
                guard rule.members[key]?.required == nil else { continue }
                rule.members[key, default: .init()].required = rule.required.count
                rule.required.append(key)
            }
        }
        for member in try members("patternProperties", keywords) {
            let matches = try pattern(String(decoding: member.key, as: UTF8.self), at: member.place)
            let id = try subschema(at: member.place)
            rule.patterns.append((matches, id))
        }
        rule.additional = try schema("additionalProperties", keywords)
        rule.names = try schema("propertyNames", keywords)
        rule.count = try range("minProperties", "maxProperties", keywords)
        if rule.looksAtMembers || rule.count != nil { keywords.rules.append(.object(rule)) }
    }

    mutating func compileDependencies(_ keywords: inout SchemaKeywords) throws(CodedError) {
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for member in try members(keyword, keywords) {
                let value = places[member.place].node
                let key = String(decoding: member.key, as: UTF8.self)
                let isList = keyword == "dependentRequired" || keyword == "dependencies" && value.kind == .array
                if isList {
                    let wants = try strings(value, keyword, keywords).map { $0.string ?? "" }
                    keywords.rules.append(.dependentRequired(key: key, wants: wants))
                } else {
                    let id = try subschema(at: member.place)
                    keywords.rules.append(.dependentSchema(key: key, id))
                }
            }
        }
    }

    /// After all that evaluates members and elements.
    mutating func compileUnevaluated(_ keywords: inout SchemaKeywords) throws(CodedError) {
        if let id = try schema("unevaluatedItems", keywords) { keywords.rules.append(.unevaluatedItems(id)) }
        if let id = try schema("unevaluatedProperties", keywords) { keywords.rules.append(.unevaluatedProperties(id)) }
        let names = ["unevaluatedItems", "unevaluatedProperties"]
        keywords.seesUnevaluated = names.contains { keywords.fields[$0] != nil }
    }
}
