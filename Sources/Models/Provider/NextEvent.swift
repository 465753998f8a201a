internal import Base
internal import HTTP

extension SSEDecoder {
    /// The next event of a provider's stream, if it is whole.
    mutating func nextEvent() throws(CodedError) -> SSEEvent? {
        do { return try next() } catch {
            throw CodedError(.providerInvalidAnswer, "The provider's stream has a line or event that is too long.")
        }
    }
}
