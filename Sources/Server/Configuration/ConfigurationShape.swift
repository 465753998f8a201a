internal import JSON

/// What form a value of the configuration has, for its schema. Every form may also be a text with `${NAME}` in it,
/// which only the environment can check.
enum ConfigurationShape: Sendable {
    /// Any single value: YAML may take a text for a number.
    case text
    case duration
    /// In bytes.
    case size(ClosedRange<Int>)
    case count(ClosedRange<Int>)
    /// A count, or this word.
    case countOr(ClosedRange<Int>, String)
    case number(ClosedRange<Double>)
    case choice([String])
    case flag

    /// In JSON Schema 2020-12.
    var schema: JSON {
        switch self {
        case .text: ["type": ["string", "number", "boolean"]]
        case .duration: Self.text("[0-9]{1,18}(ms|s|m|h)")
        case .size(let range):
            Self.any([Self.integer(range), Self.text("[0-9]{1,18}(B|KB|MB|GB)?")])
        case .count(let range): Self.any([Self.integer(range), Self.text("[0-9]{1,18}")])
        case .countOr(let range, let word): Self.any([Self.integer(range), Self.text("[0-9]{1,18}|\(word)")])
        case .number(let range):
            Self.any([
                ["type": "number", "minimum": .double(range.lowerBound), "maximum": .double(range.upperBound)],
                Self.text("[0-9]{1,18}([.][0-9]{1,18})?"),
            ])
        case .choice(let names): Self.any([["enum": .array(names.map { .string($0) })], Self.reference])
        case .flag: Self.any([["type": "boolean"], Self.text("true|false")])
        }
    }

    private static let reference: JSON = ["type": "string", "pattern": #"\$\{"#]

    private static func any(_ schemas: [JSON]) -> JSON { ["anyOf": .array(schemas)] }

    private static func integer(_ range: ClosedRange<Int>) -> JSON {
        [
            "type": "integer", "minimum": .int(Int64(range.lowerBound)), "maximum": .int(Int64(range.upperBound)),
        ]
    }

    /// A text of this form, or one with a reference.
    private static func text(_ pattern: String) -> JSON {
        ["type": "string", "pattern": .string(#"^(\#(pattern))$|\$\{"#)]
    }
}
