internal import Base

/// What a run does when its context's deadline passes while nodes are at work.
public enum DeadlineRule: Sendable {
    /// Cancels them: the run ends with `deadline_exceeded` as soon as they have ended, and nothing of what they return
    /// is written. Costs a child task and a timer a run that has a deadline, a few microseconds. A node that ignores
    /// its cancellation still holds the run up.
    case interrupts
    /// Lets them go on until another node is ready: it doesn't start, what is still at work is cancelled, and the run
    /// ends with `deadline_exceeded`. For callers that cancel the run's task at the deadline by themselves.
    case startsNoMore
}

/// How work has ended that had to end by a certain time. Not generic, as `Arrival` is not.
struct LimitedResult: Sendable {
    /// `nil` only when the work handed back nothing.
    var value: (any Sendable)?
    /// The time came first; the work was cancelled then.
    var isLate = false
}

/// Runs `work` on this thread until it first suspends, and cancels it when the time comes first. Returns only after it
/// has ended.
func limited(
    until end: Instant, _ time: any TimeSource, _ work: @escaping @Sendable () async -> any Sendable
) async -> LimitedResult {
    enum Ending: Sendable {
        case work(any Sendable)
        case time
        case nothing
    }
    return await withTaskGroup(of: Ending.self) { group in
        group.addImmediateTask { .work(await work()) }
        group.addImmediateTask {
            do throws(CancellationError) {
                try await time.sleep(until: end)
                return .time
            } catch {
                return .nothing
            }
        }
        var result = LimitedResult()
        while let ending = await group.next() {
            switch ending {
            case .work(let value): result.value = value
            case .time where result.value == nil: result.isLate = true
            case .time, .nothing: continue
            }
            group.cancelAll()
        }
        return result
    }
}

extension RunDrive {
    /// Does `body` to the drive, and cancels what it runs when the context's deadline passes.
    @usableFromInline
    mutating func untilDeadline(_ body: @escaping @Sendable (inout RunDrive) async -> Void) async {
        guard let deadline = environment.context.deadline else { return await body(&self) }
        let begun = self
        let result = await limited(until: deadline, environment.time) {
            var drive = begun
            await body(&drive)
            return drive
        }
        guard let drive = result.value as? RunDrive else { return }
        self = drive
        isLate = isLate || result.isLate && !Task.isCancelled
    }
}
