internal import Base
internal import Resilience

/// What is said when no target is left.
enum FallOver {
    /// After faults of the provider, and when this one target cannot do it; not after faults of the caller's.
    static func isWorthwhile(after error: CodedError) -> Bool {
        rank.contains(error.code)
    }

    /// Whether an error is told as it is: the caller's own fault, a refusal on account of content, and the end of the
    /// request's time, whatever was tried before. A window that is too small is one target's alone: after a provider's
    /// fault, which may be gone in a moment, it would tell the caller to shorten what fits elsewhere.
    static func isFinal(_ error: CodedError, _ attempts: [Attempt]) -> Bool {
        switch error.code {
        case .contextLengthExceeded: !hasFault(attempts)
        default: !isWorthwhile(after: error)
        }
    }

    private static func hasFault(_ attempts: [Attempt]) -> Bool {
        attempts.contains { attempt in
            guard let code = attempt.error?.code else { return false }
            return code.fault == .provider && code != .providerRejectedKey
        }
    }

    /// The errors that another target may mend, the most telling first: those that go away by waiting, those of the
    /// providers, those of the configuration, and what only this model could not do.
    private static let rank: [ErrorCode] = [
        .providerRateLimited, .overloaded, .providerOverloaded, .providerTimeout, .providerStreamBroken,
        .providerFailed, .providerUnreachable, .providerInvalidAnswer, .providerRejectedKey, .modelUnavailable,
        .unsupportedByModel,
        .invalidValue,
    ]

    /// The most telling of the errors, with the time after which the first of the targets may be asked again, and what
    /// can be done.
    static func summary(of attempts: [Attempt]) -> CodedError {
        let errors = attempts.compactMap(\.error)
        let telling = rank.lazy.compactMap { code in errors.first { $0.code == code } }.first
        // One that the configuration has moved on after tells more than that nobody is left.
        guard var error = telling ?? errors.last else {
            return CodedError(.modelUnavailable, "The chain of this model is empty.", param: "model")
        }
        guard attempts.count > 1 else { return error }
        error.detail = attempts.map { "\($0.target): \($0.error?.code.name ?? "ok")" }.joined(separator: "; ")
        guard error.code.fault != .caller else { return error }
        let targets = Set(attempts.map(\.target)).count
        if targets > 1 { error.message += " All \(targets) models of the chain failed." }
        // Whoever comes back first is worth waiting for, whichever it was.
        if let soonest = errors.compactMap(\.retryAfter).min() {
            error.retryAfter = soonest
            error.message += " Try again in \(max(1, Int(soonest.seconds.rounded(.up)))) s, or name another model."
        } else {
            error.message += " Try again later, or name another model."
        }
        return error
    }
}
