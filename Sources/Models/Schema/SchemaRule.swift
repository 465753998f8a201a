internal import JSON

/// One of the schemas that a schema consists of. The others are known by their numbers.
struct Subschema: Sendable {
    /// In the order in which they are checked: what is unevaluated comes after all that evaluates.
    var rules: [SchemaRule] = []
    /// Whether a rule wants to know which members and elements the others have looked at.
    var seesUnevaluated = false
}

/// A name in UTF-8. Not a string, because Swift takes strings for equal that JSON tells apart.
typealias SchemaKey = ArraySlice<UInt8>

enum SchemaRule: Sendable {
    case never
    case types(SchemaTypes)
    case values(SchemaValues)
    indirect case number(NumberRule)
    case length(CountRule)
    /// `nil`: not checked.
    case pattern(JSONSchema.Pattern?)
    indirect case array(ArrayRule)
    indirect case object(ObjectRule)
    case dependentRequired(key: String, wants: [String])
    case dependentSchema(key: String, Int)
    case all([Int])
    case any([Int])
    case one([Int])
    case not(Int)
    case condition(Int, then: Int?, otherwise: Int?)
    case reference(Int)
    case unevaluatedItems(Int)
    case unevaluatedProperties(Int)

    /// The schemas that are applied to the same value, as opposed to something within it.
    var inPlace: [Int] {
        switch self {
        case .all(let ids), .any(let ids), .one(let ids): ids
        case .not(let id), .reference(let id), .dependentSchema(_, let id): [id]
        case .condition(let id, let then, let otherwise): [id] + [then, otherwise].compactMap { $0 }
        default: []
        }
    }
}

/// The values that `enum` or `const` allow.
struct SchemaValues: Sendable {
    static let maxShown = 8

    /// In their canonical form.
    var allowed: Set<[UInt8]>
    /// The types that occur, so that a value of another type need not be brought into that form.
    var types: SchemaTypes
    var shown: String

    init(_ nodes: some Sequence<JSONNode>) {
        allowed = []
        types = []
        var shown: [String] = []
        for node in nodes {
            types.formUnion(SchemaTypes(of: node))
            if allowed.insert(SchemaValue.canonical(node)).inserted, shown.count < Self.maxShown {
                shown.append(SchemaText.value(node))
            }
        }
        let others = allowed.count - shown.count
        if others > 0 { shown.append("\(others) others") }
        self.shown = shown.joined(separator: ", ")
    }
}

/// How many of something there may be. Nothing can fulfil a rule whose bounds are in the wrong order.
struct CountRule: Sendable {
    var least: Int
    var most: Int
}

struct NumberRule: Sendable {
    var minimum: SchemaNumber?
    var exclusiveMinimum: SchemaNumber?
    var maximum: SchemaNumber?
    var exclusiveMaximum: SchemaNumber?
    var divisor: SchemaNumber?
}

struct ArrayRule: Sendable {
    var prefix: [Int] = []
    var items: Int?
    var contains: Int?
    var containsCount = CountRule(least: 1, most: .max)
    var isUnique = false
    var count: CountRule?

    var looksAtElements: Bool { !prefix.isEmpty || items != nil || contains != nil }
}

struct ObjectRule: Sendable {
    struct Member: Sendable {
        var schema: Int?
        /// Its place among those that must be there.
        var required: Int?
    }

    var members: [SchemaKey: Member] = [:]
    var required: [SchemaKey] = []
    var patterns: [(matches: JSONSchema.Pattern?, schema: Int)] = []
    var additional: Int?
    var names: Int?
    var count: CountRule?

    var looksAtMembers: Bool { !members.isEmpty || !patterns.isEmpty || additional != nil || names != nil }
}

/// The types of JSON Schema. A whole number is of two.
struct SchemaTypes: OptionSet, Sendable {
    let rawValue: UInt8

    static let null = SchemaTypes(rawValue: 1)
    static let boolean = SchemaTypes(rawValue: 2)
    static let integer = SchemaTypes(rawValue: 4)
    static let number = SchemaTypes(rawValue: 8)
    static let string = SchemaTypes(rawValue: 16)
    static let array = SchemaTypes(rawValue: 32)
    static let object = SchemaTypes(rawValue: 64)
    static let any = SchemaTypes(rawValue: 127)

    static let named: [(name: String, type: SchemaTypes, spoken: String)] = [
        ("null", .null, "null"), ("boolean", .boolean, "a boolean"), ("integer", .integer, "an integer"),
        ("number", .number, "a number"), ("string", .string, "a string"), ("array", .array, "an array"),
        ("object", .object, "an object"),
    ]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(of node: JSONNode) {
        switch node.kind {
        case .null: self = .null
        case .bool: self = .boolean
        case .int, .uint: self = [.integer, .number]
        case .double:
            let value = node.double ?? 0
            self = value.rounded() == value ? [.integer, .number] : .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    /// As a list of what is allowed: "an integer or null".
    var spoken: String {
        let names = Self.named.filter { contains($0.type) }.map(\.spoken)
        guard let last = names.last, names.count > 1 else { return names.first ?? "nothing" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }

    /// As what one value is.
    var spokenOfValue: String {
        if contains(.number) { return contains(.integer) ? "a number" : "a number with a fraction" }
        return spoken
    }
}
