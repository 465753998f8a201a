public import Base

extension HedgeRace {
    /// Whether an error is the caller's fault whatever the target: a refused request, a filtered one, a cancellation.
    /// What one model cannot do another one may.
    public static func isFinal(_ error: CodedError) -> Bool {
        error.code.fault == .caller && !mendable.contains(error.code)
    }

    private static let mendable: [ErrorCode] = [.contextLengthExceeded, .unsupportedByModel, .invalidValue]

    /// The most telling first: what goes away by waiting, what the provider did, what the configuration is to blame
    /// for, and what only one model cannot do.
    private static let rank: [ErrorCode] =
        [
            .providerRateLimited, .overloaded, .providerOverloaded, .providerTimeout, .providerStreamBroken,
            .providerFailed, .providerUnreachable, .providerInvalidAnswer, .providerRejectedKey, .modelUnavailable,
        ] + mendable

    /// Of two errors the one that tells the caller more; of equal ones the first. Its time to wait is the shorter one
    /// of both, where both are rate limits: so early the first of them can answer.
    static func moreTelling(_ first: CodedError, _ second: CodedError) -> CodedError {
        func place(_ error: CodedError) -> Int { rank.firstIndex(of: error.code) ?? rank.count }
        var error = place(second) < place(first) ? second : first
        if first.code == second.code, let one = first.retryAfter, let two = second.retryAfter {
            error.retryAfter = min(one, two)
        }
        return error
    }
}
