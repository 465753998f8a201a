internal import Base
internal import Synchronization

/// What the two sides of a race share. The first side runs in the task of the caller and ends by a token, so that the
/// task can go on with the other side's answer; the second side is a task that the clock makes once the delay has passed.
final class HedgeCourse: Sendable {
    fileprivate struct State {
        var race: HedgeRace
        var isHedged = false
        /// `nil` also when the race has ended without a verdict, because the caller has gone.
        var outcome: HedgeRun.Outcome?
    }

    let token = CancellationToken()
    private let hedge: Hedge
    private let call: any HedgedCall
    private let start: Instant
    private let state: Mutex<State>

    init(_ hedge: Hedge, _ race: HedgeRace, since start: Instant, _ call: any HedgedCall) {
        self.hedge = hedge
        self.call = call
        self.start = start
        state = Mutex(State(race: race))
    }

    var time: any TimeSource { hedge.time }
    var outcome: HedgeRun.Outcome {
        state.withLock(\.outcome) ?? .failed(CodedError(.cancelled, "The request was cancelled."))
    }

    /// The caller has gone.
    func giveUp() {
        let now = time.now()
        state.withLock { _ = $0.race.cancel(now: now) }
    }

    /// The second side's task, until it has lost or won, or is found not to be needed.
    func askSecond() async {
        while true {
            switch wake() {
            case .hedge(let after):
                call.happened(.hedged(after: after), to: .hedge)
                var failure: CodedError?
                do throws(CodedError) { try await call.askSecond() } catch { failure = error }
                _ = take(.hedge, failure)
                return
            case .wait(let instant):
                do throws(CancellationError) { try await time.sleep(until: instant) } catch { return }
            case .skip(let reason): return call.happened(.skipped(reason), to: .primary)
            case .nothing, .deliver, .fail, .cancel: return
            }
        }
    }

    private func wake() -> HedgeRace.Action {
        let hasTarget = call.chooseSecond()
        let now = time.now()
        return state.withLock { state in
            let action = hedge.core.withLock { core in
                state.race.wake(hasTarget: hasTarget, budget: &core.budget, now: now)
            }
            if case .hedge = action { state.isHedged = true }
            return action
        }
    }

    /// A side has come to its end: decides the race with it, or books it as lost. Whether the race is decided.
    func take(_ side: HedgeRace.Side, _ error: CodedError?) -> Bool {
        let now = time.now()
        let (action, loss, isHedged, isDecided) = state.withLock { state in
            let action = state.end(side, error, now)
            return (action, state.race.ended(side, now: now), state.isHedged, state.race.isDecided)
        }
        switch action {
        case .deliver(_, let loser):
            // Of a first target that has lost it is known that it takes longer than this, which is over the
            // percentile: no more than the percentile needs to know.
            let waited = now.since(start)
            hedge.note(waited, now: now)
            if isHedged { call.happened(.won(side, after: waited), to: side) }
            stop(loser)
        case .fail(_, let loser): stop(loser)
        case .nothing, .wait, .hedge, .skip, .cancel:
            if let loss { call.happened(.lost(loss), to: side) }
        }
        return isDecided
    }

    /// The second side is stopped by the first one, which waits for its end.
    private func stop(_ loser: HedgeRace.Side?) {
        if loser == .primary { token.cancel() }
    }
}

extension HedgeCourse.State {
    fileprivate mutating func end(_ side: HedgeRace.Side, _ error: CodedError?, _ now: Instant) -> HedgeRace.Action {
        guard let error else {
            let action = race.firstToken(side, now: now)
            if case .deliver = action { outcome = .won(side) }
            return action
        }
        let action = race.failed(side, error, isFinal: HedgeRace.isFinal(error), now: now)
        if case .fail(let error, _) = action { outcome = .failed(error) }
        return action
    }
}
