public import Base

/// How an attempt failed, as far as it matters for what comes next.
public struct AttemptFailure: Sendable {
    /// Its `retryAfter` is what the provider has asked to wait, or the breaker in its place.
    public var error: CodedError
    /// How many calls have gone to the provider, one after the other with another of its keys. None for an attempt that
    /// was refused before: by a breaker, a limit of ours, or because the model is known to be unable.
    public var sent: Int
    /// Whether a part of the answer has been shown to the caller.
    public var isVisible: Bool
    /// Whether one of our time limits ended it (``TimeLimit``), rather than a word from the provider.
    public var isSilent: Bool
    /// Another target of the chain that was asked at the same time, and has failed as well.
    public var beside: Beside?

    public struct Beside: Hashable, Sendable {
        /// Its index in the chain.
        public var target: Int
        /// How many calls have gone to its provider.
        public var sent: Int
        /// Whether asking it again would not help: it was silent, or is not able.
        public var isSpent: Bool

        public init(target: Int, sent: Int, isSpent: Bool) {
            (self.target, self.sent, self.isSpent) = (target, sent, isSpent)
        }
    }

    public init(_ error: CodedError, wasSent: Bool = true, isVisible: Bool = false, isSilent: Bool = false) {
        self.error = error
        sent = wasSent ? 1 : 0
        self.isVisible = isVisible
        self.isSilent = isSilent
    }

    /// Whether anything has gone to the provider.
    public var wasSent: Bool { sent > 0 }
}

/// What to do after an attempt has failed.
public enum RetryDecision: Hashable, Sendable {
    /// The same target again, after a delay.
    case retry(Retry)
    /// The target of this index in the chain, at once.
    case next(target: Int)
    /// The request has failed.
    case giveUp(Reason)

    /// A retry as events tell it.
    public struct Retry: Hashable, Sendable {
        /// Which retry on this target, from 1.
        public let attempt: Int
        /// How many there may be on this target.
        public let max: Int
        public let delay: Duration

        public init(attempt: Int, max: Int, delay: Duration) {
            self.attempt = attempt
            self.max = max
            self.delay = delay
        }

        /// For a `STATUS` event: `Retry 1/3 in 812ms...`. Whole milliseconds, rounded up.
        public var status: String {
            let (whole, rest) = delay.saturatingNanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
            return "Retry \(attempt)/\(max) in \(rest > 0 ? whole + 1 : whole)ms..."
        }
    }

    /// Why nothing more is tried.
    public enum Reason: String, CaseIterable, Sendable {
        /// Nothing can help against the error, or no target is left that could.
        case error
        /// A part of the answer has been shown.
        case visible
        /// The last target does not answer at all.
        case silent
        /// ``RetryPolicy/maxAttempts`` have been made.
        case attempts
        /// The last target's retries have been made.
        case retries
        /// The last target asks to wait for longer than may be waited.
        case wait
        /// The run's deadline leaves no time for another attempt.
        case time
        /// As many as may already wait for a retry of the last target's provider.
        case crowd
        /// The last target's provider has got all the retries that it may get now.
        case budget
    }
}
