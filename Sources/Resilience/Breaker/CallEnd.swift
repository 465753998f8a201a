public import Base

/// How a call ended, as breaker, cooldown and key need to know it.
public enum CallEnd: Hashable, Sendable {
    /// After so long: the time to the first token, of a whole answer its duration.
    case succeeded(after: Duration)
    /// The provider's fault: counts against it.
    case failed(ErrorCode)
    /// A 429, with the seconds that it asked to wait, as the header has them.
    case rateLimited(retryAfter: Double?)
    /// A 403, with the seconds that it asked to wait.
    case forbidden(retryAfter: Double?)
    /// A 401.
    case rejectedKey
    /// Nothing that tells about the provider: cancelled, refused for the caller's fault, stopped for a reason of ours.
    case neutral

    /// What an error counts as. Faults of the provider count against it, but for rate limits and keys, which have rules
    /// of their own; the caller's faults, ours and cancellations do not count. Errors without a code do count. A coded
    /// error does not tell 403 from 401: who knows the status says which.
    public init(_ error: any Error) {
        switch error {
        case let coded as CodedError: self.init(coded: coded)
        case is CancellationError, is CallRefusal: self = .neutral
        default: self = .failed(.providerFailed)
        }
    }

    /// See ``init(_:)``.
    public init(coded error: CodedError) {
        self =
            switch error.code {
            case .providerRateLimited: .rateLimited(retryAfter: error.retryAfter?.seconds)
            case .providerRejectedKey: .rejectedKey
            case let code where code.fault == .provider: .failed(code)
            default: .neutral
            }
    }

    var outcome: Breaker.Outcome {
        switch self {
        case .succeeded(let duration): .success(after: duration)
        case .failed(let code): .failure(code)
        case .rateLimited, .forbidden, .rejectedKey, .neutral: .ignored
        }
    }
}
