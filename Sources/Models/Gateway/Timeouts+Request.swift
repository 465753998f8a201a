internal import Base
internal import Resilience

extension Timeouts {
    /// What holds for a call within the time that its request has left.
    ///
    /// Silence could use up all of that time: while other targets are left, a whole answer, which says nothing until its
    /// end, and the first token of a stream have half of it. And a provider that had a fair time for an answer has failed
    /// when the time is over; the request's deadline, which comes a moment later, would say so of nobody.
    func within(_ context: RunContext, at now: Instant, isWhole: Bool, isLast: Bool) -> Timeouts {
        guard let left = context.remaining(at: now) else { return self }
        var limits = self
        if !isLast {
            let half = left / 2
            if isWhole {
                limits.total = min(total, half)
            } else {
                limits.firstByte = min(firstByte, half)
                limits.firstToken = min(firstToken, half)
            }
        }
        if left >= fair(minimum) { limits.total = min(limits.total, left - minimum) }
        return limits
    }

    /// Whether silence up to these limits, which are what a request had left of the configured ones, tells of the
    /// provider, and not of a request that was in a hurry.
    func areFair(of configured: Timeouts, isWhole: Bool) -> Bool {
        silence(isWhole) >= min(configured.silence(isWhole), configured.fair(.zero))
    }

    /// How long nothing may come.
    private func silence(_ isWhole: Bool) -> Duration { isWhole ? total : min(firstToken, total) }

    /// Who is silent for so long has failed. A total that is short itself makes it a part of that.
    private func fair(_ margin: Duration) -> Duration { min(firstByte + margin, total / 4) }
}
