public import Base
public import HTTP
internal import JSON

/// A provider that has this dialect is asked in it by clients of it alone: what they say goes on as they said it.
extension Responses: ProviderDialect {
    public static let dialect = Dialect.responses
    public static let path = "/responses"
    public static let forwardedNames = OpenAI.forwardedNames
    public static let forwardedPrefixes = OpenAI.forwardedPrefixes

    public static func headers(key: Secret?) -> [(name: String, value: String)] { OpenAI.headers(key: key) }

    /// The client's own bytes with the model set and, where it differs, the stream flag. Usage is always told here.
    /// - Throws: ``ErrorCode/internalError`` for a request that did not come in this dialect: it was to go elsewhere.
    public static func encodeRequest(_ call: ModelCall, asksForUsage: Bool) throws(CodedError) -> [UInt8] {
        guard let original = call.request.original, original.dialect == .responses else {
            throw CodedError(
                .internalError, "A request that did not come in the Responses dialect was to be sent in it.")
        }
        var body = JSONMembers.setting("model", to: JSON.string(call.model).bytes, in: original.bytes)
        guard call.streaming != call.request.stream else { return body }
        body = JSONMembers.setting("stream", to: JSON.bool(call.streaming).bytes, in: body)
        // Refused beside an answer that does not stream.
        if !call.streaming { body = JSONMembers.removing("stream_options", in: body) }
        return body
    }

    public static func decoder(secrets: Secrets) -> StreamDecoder { StreamDecoder(secrets: secrets) }

    /// The bodies of errors are those of OpenAI's other dialect.
    public static func decodeError(
        status: Int, headers: HTTPHeaders, body: [UInt8], secrets: Secrets = Secrets(), wall: WallTime
    ) -> CodedError {
        OpenAI.decodeError(status: status, headers: headers, body: body, secrets: secrets, wall: wall)
    }
}
