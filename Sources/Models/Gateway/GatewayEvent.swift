public import Base
public import Resilience

/// What the gateway did about a failure, or to be faster than one; for logs, metrics and alerts.
public enum GatewayEvent: Sendable, Hashable {
    /// A target is asked again after the delay.
    case retried(Target, after: ErrorCode, delay: Duration)
    /// Another target or key is asked instead.
    case failedOver(from: KeyedTarget, to: KeyedTarget, after: ErrorCode)
    /// A time limit ended an attempt.
    case timedOut(Target, TimeLimit)
    /// A stream broke, and begins anew elsewhere before anything of it was seen.
    case restarted(from: Target, after: ErrorCode)
    /// A stream broke, and another target goes on with its text.
    case continued(from: Target, to: Target, after: ErrorCode)
    /// Two targets are asked at once, and what came of it.
    case hedge(Target, HedgeEvent)
    /// A limit of ours kept a call from a provider.
    case limited(Target, ErrorCode)
    /// Nobody was left who could answer.
    case exhausted(after: ErrorCode)
    /// Something else took the place of an answer.
    case degraded(Degradation, after: ErrorCode)
    /// Faults were put into a call on purpose.
    case chaos(Target)
}
