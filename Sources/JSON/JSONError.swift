public import Base

/// Why bytes are not the one JSON value that they should be.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        case empty
        case malformed
        case tooDeep = "too_deep"
        /// Malformed, or outside what 64-bit integers and doubles hold.
        case invalidNumber = "invalid_number"
        case invalidString = "invalid_string"
        case invalidUTF8 = "invalid_utf8"
        case loneSurrogate = "lone_surrogate"
        case nul
        case outOfMemory = "out_of_memory"
    }

    public var kind: Kind
    /// The byte at which the fault was seen, where that is known.
    public var offset: Int?
    /// The field in which it lies, where that is known: `messages[2].content`. Part of the input: for the caller alone.
    public internal(set) var path: String?

    public init(_ kind: Kind, offset: Int? = nil) {
        self.kind = kind
        self.offset = offset
    }

    /// One sentence that holds nothing of the input.
    public var message: String {
        let fault =
            switch kind {
            case .empty: "it is empty"
            case .malformed: "it is malformed or has something after its end"
            case .tooDeep: "it nests deeper than \(JSONDocument.maxDepth) levels"
            case .invalidNumber: "it holds a number that is malformed or out of range"
            case .invalidString: "it holds a string with an unknown escape"
            case .invalidUTF8: "it is not valid UTF-8"
            case .loneSurrogate: "it holds half of a surrogate pair"
            case .nul: "it holds a NUL character"
            case .outOfMemory: "there is no memory left to read it"
            }
        return "not acceptable JSON: \(fault)" + (offset.map { " (at byte \($0))" } ?? "")
    }

    public var description: String { message }

    /// The caller's fault, for a request body.
    public var coded: CodedError {
        CodedError(.invalidJSON, "The body is \(message). Send one valid JSON value in UTF-8.", param: path)
    }
}
