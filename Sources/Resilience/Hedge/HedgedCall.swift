public import Base

/// A call that may be hedged, and what came of its second side: the values of both are its own.
public protocol HedgedCall: AnyObject, Sendable {
    /// Chooses the second target, when it is time, and takes nothing yet; `false` where there is none.
    func chooseSecond() -> Bool
    /// Asks the target that was chosen last, in a task of its own. Returns when the first valid token is there; an error
    /// frame in its place must be thrown. Ends soon after the task's cancellation.
    func askSecond() async throws(CodedError)
    /// Called on the task of the side that it happens to; must not block.
    func happened(_ event: HedgeEvent, to side: HedgeRace.Side)
}

/// What a hedged call tells while it runs.
public enum HedgeEvent: Hashable, Sendable {
    /// The second target is being asked.
    case hedged(after: Duration)
    case skipped(HedgeRace.Skip)
    /// Of two that were asked, this one was first.
    case won(HedgeRace.Side, after: Duration)
    /// The target has worked for nothing, and that is to be booked.
    case lost(HedgeRace.Loss)
}

/// One hedged call under way. Whoever has begun it asks the first target in its own task and says how that ended:
///
///     let run = hedge.begin(call)
///     let result = … ask the first target, which run.token ends …
///     switch await run.end(error) { … }
///
/// Whoever is first wins and the other one is stopped at once.
public struct HedgeRun: Sendable {
    /// What has come of both sides; what a side that has not won came to is to be thrown away.
    public enum Outcome: Equatable, Sendable {
        case won(HedgeRace.Side)
        /// The error of the only target; of two the more telling one; `cancelled` after a cancellation.
        indirect case failed(CodedError)
    }

    private enum Kind {
        case plain
        /// Not hedged, but of worth for the delays of others.
        case timed(Hedge, Instant)
        case race(HedgeCourse, any ScheduledTask)
    }

    private let kind: Kind

    init() { kind = .plain }

    init(_ hedge: Hedge, since start: Instant) { kind = .timed(hedge, start) }

    init(_ course: HedgeCourse, due: Instant) {
        kind = .race(course, course.time.schedule(at: due) { await course.askSecond() })
    }

    /// Ends the first side while its task goes on; `nil` where nobody will.
    public var token: CancellationToken? {
        if case .race(let course, _) = kind { course.token } else { nil }
    }

    /// The first side has come to its end: with its first valid token, or an error. Returns when the second side has
    /// ended as well, if there is one, so that nothing runs afterwards. To be called once, on the task of the first side.
    public func end(_ error: CodedError?) async -> Outcome {
        switch kind {
        case .plain: break
        case .timed(let hedge, let start): if error == nil { hedge.note(since: start) }
        case .race(let course, let second): return await end(error, course, second)
        }
        return error.map { .failed($0) } ?? .won(.primary)
    }

    private func end(_ error: CodedError?, _ course: HedgeCourse, _ second: any ScheduledTask) async -> Outcome {
        if Task.isCancelled { course.giveUp() }
        if course.take(.primary, error) {
            if second.cancel() { await second.end() }
        } else {
            await withTaskCancellationHandler {
                await second.end()
            } onCancel: {
                course.giveUp()
                second.cancel()
            }
        }
        return course.outcome
    }
}
