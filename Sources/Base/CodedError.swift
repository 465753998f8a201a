/// The error that crosses the public edges of every room: a code of the one table and a sentence that says what to
/// do. Its message is shown to callers and must hold no secret; `detail` is for the log and must hold none either.
public struct CodedError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    public var message: String
    /// The offending field of the request, in OpenAI's path form: `messages[2].content`.
    public var param: String?
    /// How long to wait before trying again, where that is known.
    public var retryAfter: Duration?
    /// What the log should know beyond the message; never shown to a caller.
    public var detail: String?
    /// The HTTP status with which a provider answered, where it is one that means this error.
    public var providerStatus: Int?

    public init(
        _ code: ErrorCode,
        _ message: String,
        param: String? = nil,
        retryAfter: Duration? = nil,
        detail: String? = nil
    ) {
        self.code = code
        self.message = message
        self.param = param
        self.retryAfter = retryAfter
        self.detail = detail
    }

    public var description: String { "\(code.name): \(message)" }
}

extension CodedError {
    /// Any error as a coded one: itself, a cancellation, or an internal fault whose type alone is kept for the log.
    public init(any error: any Error) {
        switch error {
        case let coded as CodedError: self = coded
        case is CancellationError: self = CodedError(.cancelled, "The request was cancelled.")
        default:
            self = CodedError(
                .internalError,
                "The server failed to answer. Look for the request id in its log.",
                detail: String(describing: type(of: error))
            )
        }
    }
}

extension CodedError: Codable {
    private enum CodingKeys: String, CodingKey {
        case code, message, param, retryAfter, detail
    }

    /// A code that this version does not know becomes `internal_error`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let name = try values.decode(String.self, forKey: .code)
        self.init(
            ErrorCode.all.first { $0.name == name } ?? .internalError,
            try values.decode(String.self, forKey: .message),
            param: try values.decodeIfPresent(String.self, forKey: .param),
            retryAfter: try values.decodeIfPresent(Int64.self, forKey: .retryAfter).map { .nanoseconds($0) },
            detail: try values.decodeIfPresent(String.self, forKey: .detail))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(code.name, forKey: .code)
        try values.encode(message, forKey: .message)
        try values.encodeIfPresent(param, forKey: .param)
        try values.encodeIfPresent(retryAfter?.saturatingNanoseconds, forKey: .retryAfter)
        try values.encodeIfPresent(detail, forKey: .detail)
    }
}
