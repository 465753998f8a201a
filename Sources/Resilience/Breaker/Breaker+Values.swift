public import Base

extension Breaker {
    public enum State: Hashable, Sendable {
        case closed
        /// Refuses calls; the first one at or after `until` is the probe.
        case open(until: Instant)
        /// One probe decides. Until the end of its lease nobody else gets through; `nil` when the next caller is the
        /// probe.
        case halfOpen(lease: Instant?)
        case forcedOpen, forcedClosed

        /// For metrics, events and people.
        public var name: String {
            switch self {
            case .closed: "closed"
            case .open: "open"
            case .halfOpen: "half_open"
            case .forcedOpen: "forced_open"
            case .forcedClosed: "forced_closed"
            }
        }
    }

    /// What one admitted call answers to. It is worth something in the era of the breaker that gave it, and nothing
    /// later.
    public struct Ticket: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// A trial is a probe that has begun to answer: it has closed the breaker and can still open it again.
            case call, probe, trial
        }

        let era: UInt64
        let kind: Kind
    }

    public enum Admission: Sendable {
        case passed(Ticket)
        /// The one call that decides whether the breaker closes.
        case probe(Ticket)
        case refused(CallRefusal)
    }

    /// What came of a call, as far as it tells about the provider.
    public enum Outcome: Hashable, Sendable {
        /// The time to the first token, of a whole answer its duration.
        case success(after: Duration)
        case failure(ErrorCode)
        /// Says nothing about the provider: a cancellation, a fault of the caller's or of ours, a rate limit.
        case ignored
    }

    /// Why a breaker changed its state.
    public enum Cause: String, CaseIterable, Sendable {
        case consecutiveFailures = "consecutive_failures"
        case failureRate = "failure_rate"
        case slowRate = "slow_rate"
        /// The reset is over, and a caller came who is the probe.
        case probeDue = "probe_due"
        case probeSucceeded = "probe_succeeded"
        case probeFailed = "probe_failed"
        case probeSlow = "probe_slow"
        /// The probe's lease ended without a word from it.
        case probeHung = "probe_hung"
        /// Several probes in a row were cancelled or told nothing.
        case probesUndecided = "probes_undecided"
        case forced, reset
    }

    public struct Transition: Hashable, Sendable {
        /// Counts a breaker's transitions, from 1.
        public let number: Int
        public let from: State
        public let to: State
        public let cause: Cause
        public let at: Instant
        /// The last error of the breaker by then.
        public let error: ErrorCode?
    }
}

/// Why a call may not be made now. No provider has been asked.
public struct CallRefusal: Error, Hashable, Sendable {
    public enum Reason: String, CaseIterable, Sendable {
        case open
        /// The one probe is on its way.
        case probing
        case forcedOpen = "forced_open"
        case rateLimited = "rate_limited"
        case forbidden
        /// The provider's own count says that the next call would be one too many.
        case spent
        case rejectedKey = "rejected_key"
    }

    public let reason: Reason
    /// How long to wait before asking again; `nil` where nobody knows.
    public let wait: Duration?
    /// The last error that counted.
    public let lastError: ErrorCode?

    public init(reason: Reason, wait: Duration?, lastError: ErrorCode? = nil) {
        self.reason = reason
        self.wait = wait
        self.lastError = lastError
    }
}

extension CallRefusal {
    /// As the error of an attempt; `target` is a name from the configuration.
    public func error(of target: String) -> CodedError {
        let (code, message): (ErrorCode, String) =
            switch reason {
            case .open, .probing:
                (.modelUnavailable, "'\(target)' has failed again and again and is not asked for the moment.")
            case .forcedOpen: (.modelUnavailable, "'\(target)' is switched off.")
            case .rateLimited, .spent: (.providerRateLimited, "The rate limit of '\(target)' is reached.")
            case .forbidden: (.modelUnavailable, "'\(target)' has refused access and is not asked for the moment.")
            case .rejectedKey:
                (.providerRejectedKey, "The provider of '\(target)' does not accept the configured key.")
            }
        return CodedError(
            code, message, retryAfter: wait,
            detail: "breaker \(reason.rawValue)" + (lastError.map { ", last error \($0.name)" } ?? ""))
    }
}
