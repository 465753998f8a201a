public import Base
internal import Synchronization

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

/// Hedges the calls of one target: knows its recent times to the first token, and what part of its calls may be made
/// twice. From any thread; decisions are taken under a short lock.
public final class Hedge: Sendable {
    private struct Core {
        var window: LatencyWindow
        var budget: HedgeBudget
    }

    private enum Arrival<Value: Sendable>: Sendable {
        case due
        case answer(HedgeRace.Side, Result<Value, CodedError>)
    }

    /// Raised once, by whoever is done.
    private final class Flag: Sendable {
        private let value = Atomic(false)

        var isRaised: Bool { value.load(ordering: .acquiring) }
        func raise() { value.store(true, ordering: .releasing) }
    }

    private struct Course<Target: Sendable, Value: Sendable> {
        var race: HedgeRace
        let start: Instant
        let first: Target
        var hedged: Target?
        /// What holds when the race has ended without a verdict.
        var outcome = Result<Value, CodedError>.failure(CodedError(.cancelled, "The request was cancelled."))
    }

    private let policy: HedgePolicy
    private let core: Mutex<Core>
    private let time: any TimeSource

    /// A policy with faults is taken as the nearest one without.
    public init(_ policy: HedgePolicy = HedgePolicy(), time: any TimeSource) {
        self.policy = policy.sane
        core = Mutex(Core(window: LatencyWindow(policy), budget: HedgeBudget(policy)))
        self.time = time
    }

    /// How long a call waits before it is hedged; `nil` while it is not.
    public var delay: Duration? {
        guard policy.isEnabled else { return nil }
        let now = time.now()
        return core.withLock { $0.window.delay(now: now) }
    }

    /// Counts the time to the first token of a call that was not made here.
    public func note(_ time: Duration) {
        let now = self.time.now()
        core.withLock { $0.window.note(time, now: now) }
    }

    /// Asks a target, and a second one while the first is silent for too long. Whoever is first wins and the other one
    /// is cancelled at once. The answer waits until the loser has ended, so a call must end soon after its cancellation.
    ///
    /// While it is off, or knows too little, it is a plain call: no task is made.
    /// - Parameters:
    ///   - second: Chooses the target to ask when it is time, and takes nothing yet; `nil` where there is none.
    ///   - hasEffects: Whether the call runs tools that change something; it is then made once.
    ///   - discard: Gets the value of a loser that was too late to be stopped.
    ///   - onEvent: Called on the task of the caller, with the target that the event is about.
    ///   - call: Returns when the first valid token is there. An error frame in its place must be thrown.
    /// - Throws: the error of the only target; of two the more telling one; `cancelled` after a cancellation.
    public func race<Target: Sendable, Value: Sendable>(
        from first: Target, to second: () -> Target?, hasEffects: Bool = false,
        discard: (Value) async -> Void = { _ in }, onEvent: (Target, HedgeEvent) -> Void = { _, _ in },
        call: @escaping @Sendable (Target) async throws(CodedError) -> Value
    ) async throws(CodedError) -> Value {
        guard policy.isEnabled else { return try await call(first) }
        let start = time.now()
        let delay = hasEffects ? nil : offer(now: start)
        guard let delay else {
            let value = try await call(first)
            let now = time.now()
            core.withLock { $0.window.note(now.since(start), now: now) }
            return value
        }
        return try await withTaskGroup(of: Arrival<Value>.self) { group in
            var course = Course<Target, Value>(
                race: HedgeRace(delay: delay, hasEffects: hasEffects, now: start), start: start, first: first)
            let isAnswered = Flag()
            group.addImmediateTask {
                defer { isAnswered.raise() }
                return await Hedge.ask(.primary, first, call)
            }
            // Who answers without any waiting needs no alarm.
            if !isAnswered.isRaised { sleep(until: course.race.wakeAt, &group) }
            while let arrival = await group.next() {
                // The group's tasks have been cancelled with this one.
                if Task.isCancelled { _ = course.race.cancel(now: time.now()) }
                switch arrival {
                case .due:
                    guard let target = wake(&course, second, onEvent, &group) else { break }
                    group.addImmediateTask { await Hedge.ask(.hedge, target, call) }
                case .answer(let side, let result):
                    if let late = take(side, result, &course, onEvent, &group) { await discard(late) }
                }
            }
            return course.outcome
        }.get()
    }

    /// Answers with the second target when it is to be asked now.
    private func wake<Target, Value>(
        _ course: inout Course<Target, Value>, _ second: () -> Target?, _ onEvent: (Target, HedgeEvent) -> Void,
        _ group: inout TaskGroup<Arrival<Value>>
    ) -> Target? {
        guard !course.race.isDecided else { return nil }
        let target = second()
        let now = time.now()
        let action = core.withLock { core in
            course.race.wake(hasTarget: target != nil, budget: &core.budget, now: now)
        }
        switch action {
        case .hedge(let after):
            course.hedged = target
            if let target { onEvent(target, .hedged(after: after)) }
            return target
        case .wait(let instant): sleep(until: instant, &group)
        case .skip(let reason): onEvent(course.first, .skipped(reason))
        case .nothing, .deliver, .fail, .cancel: break
        }
        return nil
    }

    /// Answers with the value of a loser, which nobody wants.
    private func take<Target, Value>(
        _ side: HedgeRace.Side, _ result: Result<Value, CodedError>, _ course: inout Course<Target, Value>,
        _ onEvent: (Target, HedgeEvent) -> Void, _ group: inout TaskGroup<Arrival<Value>>
    ) -> Value? {
        let now = time.now()
        let target = side == .primary ? course.first : course.hedged ?? course.first
        let action =
            switch result {
            case .success: course.race.firstToken(side, now: now)
            case .failure(let error):
                course.race.failed(side, error, isFinal: HedgeRace.isFinal(error), now: now)
            }
        switch action {
        case .deliver:
            course.outcome = result
            group.cancelAll()
            // Of a first target that has lost it is known that it takes longer than this, which is over the
            // percentile: no more than the percentile needs to know.
            let waited = now.since(course.start)
            core.withLock { $0.window.note(waited, now: now) }
            if course.hedged != nil { onEvent(target, .won(side, after: waited)) }
        case .fail(let error, _):
            course.outcome = .failure(error)
            group.cancelAll()
        case .nothing, .wait, .hedge, .skip, .cancel:
            if let loss = course.race.ended(side, now: now) { onEvent(target, .lost(loss)) }
            if case .success(let late) = result { return late }
        }
        return nil
    }

    /// Pays for a call that may be hedged; when it would be.
    private func offer(now: Instant) -> Duration? {
        core.withLock { core in
            core.budget.offer()
            return core.window.delay(now: now)
        }
    }

    private func sleep<Value>(until instant: Instant?, _ group: inout TaskGroup<Arrival<Value>>) {
        guard let instant else { return }
        let time = time
        group.addImmediateTask {
            // Whether it is time is the race's to say.
            try? await time.sleep(until: instant)
            return .due
        }
    }

    private static func ask<Target, Value>(
        _ side: HedgeRace.Side, _ target: Target, _ call: @Sendable (Target) async throws(CodedError) -> Value
    ) async -> Arrival<Value> {
        do throws(CodedError) { return .answer(side, .success(try await call(target))) } catch {
            return .answer(side, .failure(error))
        }
    }
}
