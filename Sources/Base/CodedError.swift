/// The error that crosses the public edges of every room: a code of the one table and a sentence that says what to
/// do. Its message is shown to callers and must hold no secret; `detail` is for the log and must hold none either.
///
/// One reference wide: it is in the frame of every function that throws it, and of all that wait for one. To make one or
/// to change it costs an allocation.
public struct CodedError: Error, Sendable, Equatable, CustomStringConvertible {
    private struct Fields: Sendable, Equatable {
        var code: ErrorCode
        var message: String
        var param: String?
        var retryAfter: Duration?
        var detail: String?
        var providerStatus: Int?
    }

    private var fields: Shared<Fields>

    public var code: ErrorCode {
        get { fields.value.code }
        set { change { $0.code = newValue } }
    }

    public var message: String {
        get { fields.value.message }
        set { change { $0.message = newValue } }
    }

    /// The offending field of the request, in OpenAI's path form: `messages[2].content`.
    public var param: String? {
        get { fields.value.param }
        set { change { $0.param = newValue } }
    }

    /// How long to wait before trying again, where that is known.
    public var retryAfter: Duration? {
        get { fields.value.retryAfter }
        set { change { $0.retryAfter = newValue } }
    }

    /// What the log should know beyond the message; never shown to a caller.
    public var detail: String? {
        get { fields.value.detail }
        set { change { $0.detail = newValue } }
    }

    /// The HTTP status with which a provider answered, where it is one that means this error.
    public var providerStatus: Int? {
        get { fields.value.providerStatus }
        set { change { $0.providerStatus = newValue } }
    }

    public init(
        _ code: ErrorCode,
        _ message: String,
        param: String? = nil,
        retryAfter: Duration? = nil,
        detail: String? = nil
    ) {
        fields = Shared(
            Fields(code: code, message: message, param: param, retryAfter: retryAfter, detail: detail))
    }

    private mutating func change(_ change: (inout Fields) -> Void) {
        var changed = fields.value
        change(&changed)
        fields = Shared(changed)
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
