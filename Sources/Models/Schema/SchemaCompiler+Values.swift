internal import Base
internal import JSON

/// Keywords that look at one value alone.
extension SchemaCompiler {
    func compileTypes(_ keywords: inout SchemaKeywords) throws(CodedError) {
        if let value = keywords.fields["type"] {
            let nodes = value.kind == .array ? Array(value.elements) : [value]
            var types: SchemaTypes = []
            for node in nodes {
                guard let named = SchemaTypes.named.first(where: { node.isString($0.name) }) else {
                    let names = SchemaTypes.named.map { "'\($0.name)'" }.joined(separator: ", ")
                    throw refusal(keywords, "type", "must be one of \(names), or an array of these")
                }
                types.formUnion(named.type)
            }
            keywords.rules.append(.types(types))
        }
        if let values = try array("enum", keywords) { keywords.rules.append(.values(SchemaValues(values.elements))) }
        if let value = keywords.fields["const"] { keywords.rules.append(.values(SchemaValues([value]))) }
    }

    func compileNumbers(_ keywords: inout SchemaKeywords) throws(CodedError) {
        let rule = NumberRule(
            minimum: try number("minimum", keywords), exclusiveMinimum: try number("exclusiveMinimum", keywords),
            maximum: try number("maximum", keywords), exclusiveMaximum: try number("exclusiveMaximum", keywords),
            divisor: try number("multipleOf", keywords))
        if let divisor = rule.divisor, !divisor.isPositive {
            throw refusal(keywords, "multipleOf", "must be above 0")
        }
        let limits = [rule.minimum, rule.exclusiveMinimum, rule.maximum, rule.exclusiveMaximum, rule.divisor]
        if limits.contains(where: { $0 != nil }) { keywords.rules.append(.number(rule)) }
    }

    func compileTexts(_ keywords: inout SchemaKeywords) throws(CodedError) {
        if let length = try range("minLength", "maxLength", keywords) { keywords.rules.append(.length(length)) }
        if let text = try string("pattern", keywords) {
            keywords.rules.append(.pattern(try pattern(text, at: keywords.place, "pattern")))
        }
    }

    func pattern(
        _ text: String, at place: Int, _ keyword: String? = nil
    ) throws(CodedError) -> JSONSchema.Pattern? {
        guard let patterns else { return nil }
        do throws(CodedError) { return try patterns(text) } catch {
            var located = error
            located.param = places.path(of: place, keyword)
            throw located
        }
    }

    /// `nil` if neither keyword is there.
    func range(
        _ lower: String, _ upper: String, _ keywords: SchemaKeywords
    ) throws(CodedError) -> CountRule? {
        let least = try count(lower, keywords)
        let most = try count(upper, keywords)
        guard least != nil || most != nil else { return nil }
        return CountRule(least: least ?? 0, most: most ?? .max)
    }
}
