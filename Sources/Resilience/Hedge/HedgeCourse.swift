internal import Base
internal import Synchronization

/// One race under way. Its first side runs in the task of the caller and ends by a token, so that the task can go on
/// with the other side's value; the second side is a task that the clock makes once the delay has passed.
final class HedgeCourse<Target: Sendable, Value: Sendable>: Sendable {
    typealias Call = @Sendable (Target, CancellationToken?) async throws(CodedError) -> Value

    private struct State {
        var race: HedgeRace
        var hedged: Target?
        /// What holds when the race has ended without a verdict.
        var outcome = Result<Value, CodedError>.failure(CodedError(.cancelled, "The request was cancelled."))
    }

    /// What the end of one side means.
    private struct Verdict {
        let action: HedgeRace.Action
        let loss: HedgeRace.Loss?
        let isHedged: Bool
    }

    private let hedge: Hedge
    private let first: Target
    private let start: Instant
    private let second: @Sendable () -> Target?
    private let discard: @Sendable (Value) async -> Void
    private let onEvent: @Sendable (Target, HedgeEvent) -> Void
    private let call: Call
    private let token = CancellationToken()
    private let state: Mutex<State>

    init(
        _ hedge: Hedge, _ first: Target, _ race: HedgeRace, start: Instant, second: @escaping @Sendable () -> Target?,
        discard: @escaping @Sendable (Value) async -> Void, onEvent: @escaping @Sendable (Target, HedgeEvent) -> Void,
        call: @escaping Call
    ) {
        self.hedge = hedge
        self.first = first
        self.start = start
        self.second = second
        self.discard = discard
        self.onEvent = onEvent
        self.call = call
        state = Mutex(State(race: race))
    }

    /// Asks the first target, and waits for whoever else was asked. Nothing runs afterwards.
    func run(hedgingAt due: Instant) async throws(CodedError) -> Value {
        let alarm = hedge.time.schedule(at: due) { await self.askSecond() }
        let result = await ask(first, token)
        if Task.isCancelled { giveUp() }
        await take(.primary, first, result)
        if state.withLock(\.race.isDecided) {
            alarm.cancel()
            await alarm.end()
        } else {
            await withTaskCancellationHandler {
                await alarm.end()
            } onCancel: {
                self.giveUp()
                alarm.cancel()
            }
        }
        return try state.withLock(\.outcome).get()
    }

    private func giveUp() {
        let now = hedge.time.now()
        state.withLock { _ = $0.race.cancel(now: now) }
    }

    /// In the task that the clock has made.
    private func askSecond() async {
        while true {
            let target = second()
            switch wake(target) {
            case .hedge(let after):
                guard let target else { return }
                onEvent(target, .hedged(after: after))
                return await take(.hedge, target, await ask(target, nil))
            case .wait(let instant):
                do throws(CancellationError) { try await hedge.time.sleep(until: instant) } catch { return }
            case .skip(let reason): return onEvent(first, .skipped(reason))
            case .nothing, .deliver, .fail, .cancel: return
            }
        }
    }

    private func wake(_ target: Target?) -> HedgeRace.Action {
        let now = hedge.time.now()
        return state.withLock { state in
            let action = hedge.core.withLock { core in
                state.race.wake(hasTarget: target != nil, budget: &core.budget, now: now)
            }
            if case .hedge = action { state.hedged = target }
            return action
        }
    }

    /// A side has come to its end: decides the race with it, or books it as lost.
    private func take(_ side: HedgeRace.Side, _ target: Target, _ result: Result<Value, CodedError>) async {
        let now = hedge.time.now()
        let verdict = state.withLock { state in judge(side, result, &state, now) }
        switch verdict.action {
        case .deliver(_, let loser):
            // Of a first target that has lost it is known that it takes longer than this, which is over the
            // percentile: no more than the percentile needs to know.
            let waited = now.since(start)
            hedge.note(waited, now: now)
            if verdict.isHedged { onEvent(target, .won(side, after: waited)) }
            stop(loser)
        case .fail(_, let loser): stop(loser)
        case .nothing, .wait, .hedge, .skip, .cancel:
            if let loss = verdict.loss { onEvent(target, .lost(loss)) }
            if case .success(let late) = result { await discard(late) }
        }
    }

    /// The second side is stopped by whoever waits for it.
    private func stop(_ loser: HedgeRace.Side?) {
        if loser == .primary { token.cancel() }
    }

    private func judge(
        _ side: HedgeRace.Side, _ result: Result<Value, CodedError>, _ state: inout State, _ now: Instant
    ) -> Verdict {
        let action =
            switch result {
            case .success: state.race.firstToken(side, now: now)
            case .failure(let error): state.race.failed(side, error, isFinal: HedgeRace.isFinal(error), now: now)
            }
        switch action {
        case .deliver: state.outcome = result
        case .fail(let error, _): state.outcome = .failure(error)
        case .nothing, .wait, .hedge, .skip, .cancel: break
        }
        return Verdict(
            action: action, loss: state.race.ended(side, now: now), isHedged: state.hedged != nil)
    }

    private func ask(_ target: Target, _ token: CancellationToken?) async -> Result<Value, CodedError> {
        do throws(CodedError) { return .success(try await call(target, token)) } catch { return .failure(error) }
    }
}
