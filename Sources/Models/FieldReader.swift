internal import Base
internal import JSON

/// Reads the fields of one object and knows its path, so that every error names the offending field.
/// A field that is `null` counts as left out, as with OpenAI.
struct FieldReader {
    var node: JSONNode { fields.node }
    /// The path of this object, empty for the body; made only for errors.
    private let path: () -> String
    private let fields: JSONFields

    init(_ node: JSONNode, path: @escaping () -> String = { "" }) {
        self.path = path
        fields = node.fields
    }

    func param(_ field: String) -> String {
        let path = path()
        return path.isEmpty ? field : "\(path).\(field)"
    }

    func present(_ field: String) -> JSONNode? {
        guard let value = fields[field], !value.isNull else { return nil }
        return value
    }

    func string(_ field: String) throws(CodedError) -> String? {
        guard let value = present(field) else { return nil }
        guard let text = value.string else { throw wrongType(field, is: value, expected: "a string") }
        return text
    }

    func bool(_ field: String) throws(CodedError) -> Bool? {
        guard let value = present(field) else { return nil }
        guard let flag = value.bool else { throw wrongType(field, is: value, expected: "true or false") }
        return flag
    }

    func integer(_ field: String, in range: ClosedRange<Int64>) throws(CodedError) -> Int64? {
        guard let value = present(field) else { return nil }
        guard let number = value.double else { throw wrongType(field, is: value, expected: "a whole number") }
        if let whole = value.int, range.contains(whole) { return whole }
        guard number.rounded() == number else { throw wrongType(field, is: value, expected: "a whole number") }
        guard range.upperBound == .max else { throw outside(field, "\(range.lowerBound)", "\(range.upperBound)") }
        // Above the least that is allowed and yet outside: more than 64 bits hold.
        guard number < Double(range.lowerBound) else {
            let param = param(field)
            throw CodedError(
                .invalidValue, "'\(param)' is too large: it must be at most \(range.upperBound).", param: param)
        }
        throw outside(field, "\(range.lowerBound)", nil)
    }

    func number(_ field: String, in range: ClosedRange<Double>) throws(CodedError) -> Double? {
        guard let value = present(field) else { return nil }
        guard let number = value.double else { throw wrongType(field, is: value, expected: "a number") }
        guard range.contains(number) else {
            throw outside(field, "\(Int(range.lowerBound))", "\(Int(range.upperBound))")
        }
        return number
    }

    func object(_ field: String) throws(CodedError) -> FieldReader? {
        guard let value = present(field) else { return nil }
        guard value.kind == .object else { throw wrongType(field, is: value, expected: "an object") }
        return FieldReader(value) { param(field) }
    }

    func array(_ field: String) throws(CodedError) -> JSONNode? {
        guard let value = present(field) else { return nil }
        guard value.kind == .array else { throw wrongType(field, is: value, expected: "an array") }
        return value
    }

    /// An element of an array of this object's, which must be an object.
    func element(_ value: JSONNode, _ field: String, _ index: Int) throws(CodedError) -> FieldReader {
        guard value.kind == .object else { throw wrongType("\(field)[\(index)]", is: value, expected: "an object") }
        return FieldReader(value) { "\(param(field))[\(index)]" }
    }

    /// A name that is put into other messages and logs: not empty, of at most `limit` Unicode scalars, as JSON Schema
    /// counts characters, and without control characters of ASCII.
    func name(_ field: String, limit: Int) throws(CodedError) -> String? {
        guard let name = try string(field) else { return nil }
        // A scalar has at most four bytes, so that no megabytes are counted.
        guard !name.isEmpty, name.utf8.count <= limit * 4, name.unicodeScalars.count <= limit,
            name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else {
            let param = param(field)
            throw CodedError(
                .invalidValue, "'\(param)' must have 1 to \(limit) characters, and no control characters.", param: param
            )
        }
        return name
    }

    func missing(_ field: String, _ what: String) -> CodedError {
        let param = param(field)
        return CodedError(.missingField, "'\(param)' is missing. It must be \(what).", param: param)
    }

    func wrongType(_ field: String, is value: JSONNode, expected: String) -> CodedError {
        let param = param(field)
        let kind =
            switch value.kind {
            case .null: "null"
            case .bool: "a boolean"
            case .int, .uint, .double: "a number"
            case .string: "a string"
            case .array: "an array"
            case .object: "an object"
            }
        return CodedError(.invalidType, "'\(param)' must be \(expected), but is \(kind).", param: param)
    }

    private func outside(_ field: String, _ lower: String, _ upper: String?) -> CodedError {
        let param = param(field)
        let range = upper.map { "between \(lower) and \($0)" } ?? "at least \(lower)"
        return CodedError(.invalidValue, "'\(param)' must be \(range).", param: param)
    }
}
