public import Base

/// The way of one call to a provider through the policies of its target, in their order:
///
/// 1. *Deadline*: none begins that has not the least time left which its time limits want.
/// 2. *Circuit*, looked at: while it is open, the call is refused at once. Nothing is taken yet.
/// 3. *Limits*: a place among the calls at once, at the provider and in all; perhaps after a wait.
/// 4. *Circuit*, entered: its permit, perhaps to be the one probe. After the limits, because a probe that waits in a
///    queue would keep the circuit half-open.
/// 5. *Meter*: the call counts for the strategies that look at load.
///
/// What it was given comes back when its ``CallRights`` end or go. Around the pipeline stand the
/// policies that make several calls of one request: ``RetrySchedule`` along a chain and, within one of its places,
/// ``HedgeRace``. In it stand the time limits (``AttemptClock``), which begin when the call does.
///
/// Costs two short locks for each policy that is on. From any thread.
public struct Pipeline: Sendable {
    private let minimum: Duration
    private let circuit: CircuitBreaker?
    private let limiter: Limiter?
    private let meter: TargetMeter

    /// Why a call does not begin.
    public enum Refusal: Error, Sendable {
        /// Too little time is left.
        case late
        case circuit(CallRefusal)
        /// Our own limit: `overloaded` with the time to wait, `deadline_exceeded`, or `cancelled`.
        case limits(CodedError)
    }

    /// - Parameters:
    ///   - minimum: What a call needs to have left at least.
    ///   - circuit: `nil` where failures are not counted.
    ///   - limiter: `nil` where calls at once are not limited.
    public init(minimum: Duration, circuit: CircuitBreaker?, limiter: Limiter?, meter: TargetMeter) {
        self.minimum = minimum
        self.circuit = circuit
        self.limiter = limiter
        self.meter = meter
    }

    /// Goes all the way, or is refused and leaves nothing behind.
    /// - Parameters:
    ///   - deadline: Of the run. No call waits beyond it.
    ///   - chosen: The call where it counts already, from the moment in which a strategy has chosen its target.
    ///   - token: Ends the wait while the task goes on.
    public func enter(
        priority: RunContext.Priority = .interactive, deadline: Instant? = nil, now: Instant,
        chosen: consuming MeteredCall? = nil, token: CancellationToken? = nil
    ) async throws(Refusal) -> CallRights {
        if let deadline, deadline < now.advanced(by: minimum) { throw .late }
        if let refusal = circuit?.refusal { throw .circuit(refusal) }
        var place: LimitPermit?
        if let limiter {
            do throws(CodedError) {
                // Whoever waits longer than that would come too late.
                let last = deadline.map { $0.advanced(by: .zero - minimum) }
                place = try await limiter.enter(priority: priority, deadline: last, token: token)
            } catch {
                throw .limits(error)
            }
        }
        var permit: CallPermit?
        if let circuit {
            do throws(CallRefusal) { permit = try circuit.permit() } catch { throw .circuit(error) }
        }
        return CallRights(permit.take(), place.take(), chosen.take() ?? meter.begin())
    }
}
