internal import Base

/// What is said when no target is left.
enum FallOver {
    /// After faults of the provider, and when this one target cannot do it; not after faults of the caller's.
    static func isWorthwhile(after error: CodedError) -> Bool {
        rank.contains(error.code)
    }

    /// The errors that another target may mend, the most telling first: those that go away by waiting, those of the
    /// providers, those of the configuration, and what only this model could not do.
    private static let rank: [ErrorCode] = [
        .providerRateLimited, .overloaded, .providerOverloaded, .providerTimeout, .providerStreamBroken,
        .providerFailed, .providerUnreachable, .providerInvalidAnswer, .providerRejectedKey, .modelUnavailable,
        .unsupportedByModel,
        .invalidValue,
    ]

    static func summary(of attempts: [Attempt]) -> CodedError {
        let errors = attempts.compactMap(\.error)
        let telling = rank.lazy.compactMap { code in errors.first { $0.code == code } }.first
        guard var error = telling else {
            return CodedError(.modelUnavailable, "The chain of this model is empty.", param: "model")
        }
        guard attempts.count > 1 else { return error }
        error.detail = attempts.map { "\($0.target): \($0.error?.code.name ?? "ok")" }.joined(separator: "; ")
        if error.code.fault != .caller { error.message += " All \(attempts.count) models of the chain failed." }
        return error
    }
}
