import Base
import Resilience
import Testing

/// Races with everything left to chance, against what the times alone say must come out.
@Suite("Histories of hedged races") struct HedgeRaceHistoryTests {
    private enum End { case token, failure, refusal }

    /// One history: when what happens, in milliseconds. No two things happen at the same time.
    private struct History {
        let delay: Int
        let primary: (at: Int, end: End)
        let hedge: (after: Int, end: End)
        let cancelAt: Int?
        let isPaid: Bool
        let hasTarget: Bool
        let hasEffects: Bool

        init(_ random: inout SeededGenerator) {
            func end() -> End {
                [End.token, .token, .failure, .refusal][Int.random(in: 0..<4, using: &random)]
            }
            delay = 4 * Int.random(in: 1...50, using: &random)
            primary = (4 * Int.random(in: 1...100, using: &random) + 1, end())
            hedge = (4 * Int.random(in: 1...50, using: &random) + 2, end())
            let isCancelled = Int.random(in: 0..<4, using: &random) == 0
            cancelAt = isCancelled ? 4 * Int.random(in: 1...100, using: &random) + 3 : nil
            isPaid = Int.random(in: 0..<4, using: &random) > 0
            hasTarget = Int.random(in: 0..<4, using: &random) > 0
            hasEffects = Int.random(in: 0..<4, using: &random) == 0
        }

        enum Outcome: Equatable {
            case delivered(HedgeRace.Side, at: Int)
            case failed(isRefusal: Bool, at: Int)
            case cancelled(at: Int)

            var time: Int {
                switch self {
                case .delivered(_, let time), .failed(_, let time), .cancelled(let time): time
                }
            }
        }

        /// What must come out, by the times alone.
        var expected: (outcome: Outcome, isHedged: Bool) {
            let isHedged = !hasEffects && isPaid && hasTarget && primary.at > delay && (cancelAt ?? .max) > delay
            var outcome: Outcome
            let hedgeAt = delay + hedge.after
            if !isHedged {
                outcome = alone
            } else if primary.end == .token, hedge.end != .token || primary.at < hedgeAt {
                outcome = .delivered(.primary, at: primary.at)
            } else if primary.end == .refusal, hedge.end != .token || primary.at < hedgeAt {
                outcome = .failed(isRefusal: true, at: primary.at)
            } else if hedge.end == .token {
                outcome = .delivered(.hedge, at: hedgeAt)
            } else {
                outcome = .failed(isRefusal: hedge.end == .refusal, at: max(primary.at, hedgeAt))
            }
            if let cancelAt, cancelAt < outcome.time { outcome = .cancelled(at: cancelAt) }
            return (outcome, isHedged)
        }

        private var alone: Outcome {
            primary.end == .token
                ? .delivered(.primary, at: primary.at) : .failed(isRefusal: primary.end == .refusal, at: primary.at)
        }
    }

    private enum Event: Hashable { case wake, primary, hedge, cancel, ended(HedgeRace.Side) }

    /// Plays a history, event by event.
    private struct Player {
        let history: History
        var events: [(at: Int, event: Event)] = []
        var outcome: History.Outcome?
        var calls = 1
        var running: Set<HedgeRace.Side> = [.primary]
        var losses: [HedgeRace.Loss] = []
        var budget = HedgeBudget(HedgePolicy())

        static func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }
        static func milliseconds(_ instant: Instant) -> Int { Int(instant.nanoseconds / 1_000_000) }

        mutating func play() {
            if history.isPaid { for _ in 0..<20 { budget.offer() } }
            var race = HedgeRace(
                delay: .milliseconds(history.delay), hasEffects: history.hasEffects, now: Player.at(0))
            events = [(history.primary.at, .primary)]
            if let wake = race.wakeAt { events.append((Player.milliseconds(wake), .wake)) }
            if let cancel = history.cancelAt { events.append((cancel, .cancel)) }
            while let next = events.indices.min(by: { events[$0].at < events[$1].at }) {
                let (time, event) = events.remove(at: next)
                step(event, time, &race)
            }
        }

        private mutating func step(_ event: Event, _ time: Int, _ race: inout HedgeRace) {
            let now = Player.at(time)
            switch event {
            case .wake: act(race.wake(hasTarget: history.hasTarget, budget: &budget, now: now), time)
            case .primary: act(end(.primary, history.primary.end, now, &race), time)
            case .hedge: act(end(.hedge, history.hedge.end, now, &race), time)
            case .cancel: act(race.cancel(now: now), time)
            case .ended(let side): if let loss = race.ended(side, now: now) { losses.append(loss) }
            }
        }

        private mutating func end(
            _ side: HedgeRace.Side, _ end: End, _ now: Instant, _ race: inout HedgeRace
        ) -> HedgeRace.Action {
            running.remove(side)
            switch end {
            case .token: return race.firstToken(side, now: now)
            case .failure: return race.failed(side, CodedError(.providerFailed, ""), isFinal: false, now: now)
            case .refusal: return race.failed(side, CodedError(.providerRefused, ""), isFinal: true, now: now)
            }
        }

        private mutating func act(_ action: HedgeRace.Action, _ time: Int) {
            switch action {
            case .nothing, .skip: break
            case .wait(let until): events.append((Player.milliseconds(until), .wake))
            case .hedge:
                calls += 1
                running.insert(.hedge)
                events.append((time + history.hedge.after, .hedge))
            case .deliver(let side, let other):
                decide(.delivered(side, at: time))
                if let other { stop(other, time) }
            case .fail(let error, let other):
                decide(.failed(isRefusal: error.code == .providerRefused, at: time))
                if let other { stop(other, time) }
            case .cancel(let primary, let hedge):
                decide(.cancelled(at: time))
                if primary { stop(.primary, time) }
                if hedge { stop(.hedge, time) }
            }
        }

        private mutating func decide(_ outcome: History.Outcome) {
            #expect(self.outcome == nil, "It was decided twice.")
            self.outcome = outcome
        }

        private mutating func stop(_ side: HedgeRace.Side, _ time: Int) {
            #expect(running.remove(side) != nil, "What does not run was cancelled.")
            events.append((time + 4, .ended(side)))
        }
    }

    @Test("20,000 histories come out as their times say, and every call is over, cancelled or booked once")
    func histories() {
        var hedged = 0
        for seed in 0..<20_000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let history = History(&random)
            var player = Player(history: history)
            player.play()
            let expected = history.expected
            #expect(player.outcome == expected.outcome, "seed \(seed)")
            #expect(player.calls == (expected.isHedged ? 2 : 1), "seed \(seed)")
            #expect(player.running.isEmpty, "seed \(seed)")
            #expect(player.losses.allSatisfy { $0.stoppedAfter == .milliseconds(4) && $0.ran > .milliseconds(4) })
            #expect(Set(player.losses.map(\.side)).count == player.losses.count, "seed \(seed)")
            if case .delivered(let side, let time) = expected.outcome, expected.isHedged {
                let other = side == .primary ? history.delay + history.hedge.after : history.primary.at
                let otherEnd = side == .primary ? history.hedge.end : history.primary.end
                let wasRunning = other > time
                #expect(player.losses.map(\.side) == (wasRunning ? [side.other] : []), "seed \(seed), \(otherEnd)")
            }
            if expected.isHedged { hedged += 1 }
        }
        #expect(hedged > 2000)
    }
}
