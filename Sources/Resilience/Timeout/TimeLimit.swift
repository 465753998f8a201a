public import Base

/// Which limit ran out.
public enum TimeLimit: String, CaseIterable, Sendable {
    case connect
    case firstByte = "first_byte"
    case firstToken = "first_token"
    case betweenTokens = "between_tokens"
    case total
    /// The run's.
    case deadline

    /// As the error of an attempt. The provider is at fault, but for the run's deadline.
    public var error: CodedError {
        switch self {
        case .connect, .firstByte, .firstToken, .betweenTokens, .total:
            CodedError(
                .providerTimeout,
                "The provider did not answer in time (\(rawValue.split(separator: "_").joined(separator: " "))).",
                detail: TimeLimit.mark + rawValue)
        case .deadline:
            CodedError(.deadlineExceeded, "The time for this request is over.", detail: TimeLimit.mark + rawValue)
        }
    }

    /// The limit whose ``error`` this is; `nil` for any other error, also for a provider's own word of a timeout.
    public init?(_ error: CodedError) {
        guard let detail = error.detail, detail.hasPrefix(TimeLimit.mark),
            let limit = TimeLimit(rawValue: String(detail.dropFirst(TimeLimit.mark.count))),
            error.code == (limit == .deadline ? .deadlineExceeded : .providerTimeout)
        else { return nil }
        self = limit
    }

    private static let mark = "limit "
}
