internal import Base
internal import JSON

/// How keywords are read: absent, or of the right type.
extension SchemaCompiler {
    func refusal(_ keywords: SchemaKeywords, _ keyword: String, _ what: String) -> CodedError {
        places.refusal(keywords.place, keyword: keyword, what)
    }

    private func wrongType(_ keywords: SchemaKeywords, _ keyword: String, _ expected: String) -> CodedError {
        let value = keywords.fields[keyword].map { SchemaTypes(of: $0).spokenOfValue } ?? "not there"
        return refusal(keywords, keyword, "must be \(expected), but is \(value)")
    }

    func string(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> String? {
        guard let value = keywords.fields[keyword] else { return nil }
        guard let text = value.string else { throw wrongType(keywords, keyword, "a string") }
        return text
    }

    func bool(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> Bool? {
        guard let value = keywords.fields[keyword] else { return nil }
        guard let flag = value.bool else { throw wrongType(keywords, keyword, "true or false") }
        return flag
    }

    func number(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> SchemaNumber? {
        guard let value = keywords.fields[keyword] else { return nil }
        guard let number = SchemaNumber(value) else { throw wrongType(keywords, keyword, "a number") }
        return number
    }

    /// What is too large for an `Int` is as good as the largest one.
    func count(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> Int? {
        guard let value = keywords.fields[keyword] else { return nil }
        if let whole = value.uint { return Int(clamping: whole) }
        guard SchemaTypes(of: value).contains(.integer), (value.double ?? -1) >= 0 else {
            throw refusal(keywords, keyword, "must be a whole number that is not negative")
        }
        return .max
    }

    func array(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> JSONNode? {
        guard let value = keywords.fields[keyword] else { return nil }
        guard value.kind == .array else { throw wrongType(keywords, keyword, "an array") }
        return value
    }

    /// The strings of an array, as they are needed for look-ups.
    func strings(
        _ value: JSONNode, _ keyword: String, _ keywords: SchemaKeywords
    ) throws(CodedError) -> [JSONNode] {
        guard value.kind == .array, !value.elements.contains(where: { $0.kind != .string }) else {
            throw refusal(keywords, keyword, "must be an array of strings")
        }
        return Array(value.elements)
    }

    /// The number of the schema that a keyword holds.
    mutating func schema(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> Int? {
        guard keywords.fields[keyword] != nil, let place = try places.child(of: keywords.place, keyword)
        else { return nil }
        return try subschema(at: place)
    }

    /// The schemas of an array.
    mutating func schemas(_ keyword: String, _ keywords: SchemaKeywords) throws(CodedError) -> [Int]? {
        guard try array(keyword, keywords) != nil, let place = try places.child(of: keywords.place, keyword)
        else { return nil }
        var ids: [Int] = []
        for child in try places.children(of: place) {
            ids.append(try subschema(at: child))
        }
        return ids
    }

    /// The members of an object, each with its place.
    mutating func members(
        _ keyword: String, _ keywords: SchemaKeywords
    ) throws(CodedError) -> [(key: SchemaKey, place: Int)] {
        guard let value = keywords.fields[keyword] else { return [] }
        guard value.kind == .object else { throw wrongType(keywords, keyword, "an object") }
        guard let place = try places.child(of: keywords.place, keyword) else { return [] }
        return try places.children(of: place).map { (places[$0].token, $0) }
    }
}
