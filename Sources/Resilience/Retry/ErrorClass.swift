public import Base

/// What an attempt's error asks for.
public enum ErrorClass: String, CaseIterable, Sendable {
    /// It may be gone in a moment: the same target again after a delay, and the next one when that does not help.
    case retry
    /// The next target at once. The last one of a chain is asked again if the code says that this can help
    /// (`ErrorCode.retryable`) and the fault is the provider's.
    case next
    /// Only a target with a larger window can help, and no second attempt.
    case larger
    /// Nothing can help, or nothing may: the caller's fault, a refusal on account of content, a cancellation, the end
    /// of the run's time.
    case end

    /// What the house takes a code for, where the configuration says nothing else.
    public init(_ code: ErrorCode) {
        self =
            switch code {
            case .contextLengthExceeded: .larger
            // Another connection to where nothing answers costs another time limit.
            case .providerUnreachable, .providerTimeout: .next
            // What this target cannot do, another one may. Limits of a model are found as invalid values.
            case .providerRejectedKey, .modelUnavailable, .unsupportedByModel, .invalidValue: .next
            // Our own queue before a provider is full: the caller hears it at once if no other provider is left.
            case .overloaded: .next
            case let code where code.fault == .provider: code.retryable ? .retry : .next
            default: .end
            }
    }

    /// Codes that end a request whatever the configuration says: nobody waits for an answer any more.
    public static let settled: Set<ErrorCode> = [.cancelled, .deadlineExceeded, .shuttingDown]
}
