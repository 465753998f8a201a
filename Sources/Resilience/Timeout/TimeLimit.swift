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
                detail: "limit \(rawValue)")
        case .deadline: CodedError(.deadlineExceeded, "The time for this request is over.")
        }
    }
}
