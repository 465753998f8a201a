internal import Base
internal import HTTP

extension SSEDecoder {
    /// The next event of a provider's stream, if it is whole.
    mutating func nextEvent() throws(CodedError) -> SSEEvent? {
        do { return try next() } catch { throw .tooLong }
    }

    /// The event that the end of a provider's stream left open.
    mutating func lastEvent() throws(CodedError) -> SSEEvent? {
        do { return try finish() } catch { throw .tooLong }
    }
}

extension CodedError {
    fileprivate static var tooLong: CodedError {
        CodedError(.providerInvalidAnswer, "The provider's stream has a line or event that is too long.")
    }
}
