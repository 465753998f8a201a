internal import JSON

/// One thing that is wrong with an answer.
public struct SchemaViolation: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        /// The answer is not as the schema wants it.
        case mismatch
        /// A member stands twice in one object: two readers could take different ones.
        case duplicateKey = "duplicate_key"
        /// The check took more work than is allowed. What has not been looked at may be right or wrong.
        case undecided
    }

    public var kind: Kind
    /// A JSON pointer (RFC 6901) into the answer; empty for the answer itself. Names of more than
    /// 64 characters are cut.
    public var path: String
    /// A sentence without its full stop, path included. Of the answer it holds names of members alone, never values.
    public var message: String

    public init(_ kind: Kind, path: String, message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    public var description: String { message }
}

/// Where a check is within the answer.
enum SchemaStep {
    case member(JSONNode)
    case element(Int)
    /// The name of a member itself.
    case name(JSONNode)
}

/// What strangers wrote, made short enough and safe to be shown in a sentence.
enum SchemaText {
    static let maxCharacters = 64

    /// The beginning of a text, without control characters.
    static func short(_ bytes: ArraySlice<UInt8>, characters limit: Int = maxCharacters) -> String {
        // A character has at most four bytes. The last one of those that are kept may be cut in two, and is not shown.
        let text = String(decoding: bytes.prefix(4 * (limit + 1)), as: UTF8.self).unicodeScalars
        var result = String.UnicodeScalarView()
        for scalar in text.prefix(limit) {
            result.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return String(result) + (text.count > limit ? "…" : "")
    }

    static func pointer(_ steps: [SchemaStep]) -> String {
        var result = ""
        for step in steps {
            switch step {
            case .element(let position): result += "/\(position)"
            case .member(let key), .name(let key):
                result += "/"
                for character in short(key.stringBytes ?? []) {
                    result += character == "~" ? "~0" : character == "/" ? "~1" : String(character)
                }
            }
        }
        return result
    }

    /// What a sentence about this place begins with.
    static func subject(_ steps: [SchemaStep]) -> String {
        guard let last = steps.last else { return "The answer" }
        if case .name = last { return "The name of \(pointer(steps))" }
        return pointer(steps)
    }

    /// A value of the schema's own.
    static func value(_ node: JSONNode) -> String {
        switch node.kind {
        case .array: "an array"
        case .object: "an object"
        case .string: "'\(short(node.stringBytes ?? []))'"
        default: String(decoding: JSON(node).bytes, as: UTF8.self)
        }
    }

    static func count(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
}
