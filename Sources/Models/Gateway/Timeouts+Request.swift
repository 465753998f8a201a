internal import Base
internal import Resilience

extension Timeouts {
    /// What holds for a call within the time that its request has left.
    ///
    /// A whole answer says nothing until its end, so that silence could use up all of that time: while other targets are
    /// left they get half of it. And a provider that had a fair time for an answer has failed when the time is over; the
    /// request's deadline, which comes a moment later, would say so of nobody.
    func within(_ context: RunContext, at now: Instant, isWhole: Bool, isLast: Bool) -> Timeouts {
        guard let left = context.remaining(at: now) else { return self }
        var limits = self
        if isWhole, !isLast { limits.total = min(limits.total, left / 2) }
        if left > firstByte + minimum { limits.total = min(limits.total, left - minimum) }
        return limits
    }
}
