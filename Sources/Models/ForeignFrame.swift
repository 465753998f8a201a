internal import Base
internal import JSON

extension CodedError {
    /// A stream that changes its dialect. Nobody reads such a frame, so that it must not go to the client as it is:
    /// it may hold anything, a key too.
    static let foreignFrame = CodedError(
        .providerInvalidAnswer, "The provider's stream holds an event of another dialect.")
}

extension JSONNode {
    /// Whether this is a string that begins with one of these.
    func isString(beginningWith prefixes: String...) -> Bool {
        guard let text = string else { return false }
        return prefixes.contains { text.utf8.starts(with: $0.utf8) }
    }
}
