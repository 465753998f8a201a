import Base
import Resilience
import Testing

@Suite("Hedged races") struct HedgeRaceTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }
    private let failed = CodedError(.providerFailed, "It failed.")
    private let limited = CodedError(.providerRateLimited, "It is limited.", retryAfter: .seconds(9))
    private let refused = CodedError(.providerRefused, "It refuses.")

    private func budget(_ calls: Int = 20) -> HedgeBudget {
        var budget = HedgeBudget(HedgePolicy())
        for _ in 0..<calls { budget.offer() }
        return budget
    }

    /// A race at 1000 ms whose second target is asked at 1100 ms.
    private func hedged() -> HedgeRace {
        var race = HedgeRace(delay: .milliseconds(100), hasEffects: false, now: at(1000))
        var budget = budget()
        expectEqual(race.wake(hasTarget: true, budget: &budget, now: at(1100)), .hedge(after: .milliseconds(100)))
        return race
    }

    @Test("the second target is asked at the delay and not before") func delay() {
        var race = HedgeRace(delay: .milliseconds(100), hasEffects: false, now: at(1000))
        #expect(race.wakeAt == at(1100))
        var budget = budget()
        expectEqual(race.wake(hasTarget: true, budget: &budget, now: at(1099)), .wait(until: at(1100)))
        expectEqual(race.wake(hasTarget: true, budget: &budget, now: at(1100)), .hedge(after: .milliseconds(100)))
        #expect(budget.available == 0)
        expectEqual(race.wake(hasTarget: true, budget: &budget, now: at(1200)), .nothing)
    }

    @Test("a call with effects, or without a delay, is never made twice") func once() {
        for var race in [
            HedgeRace(delay: .milliseconds(100), hasEffects: true, now: at(1000)),
            HedgeRace(delay: nil, hasEffects: false, now: at(1000)),
        ] {
            #expect(race.wakeAt == nil)
            var budget = budget()
            expectEqual(race.wake(hasTarget: true, budget: &budget, now: at(99_000)), .nothing)
            #expect(budget.available == 1)
            expectEqual(race.firstToken(.hedge, now: at(99_000)), .nothing)
            expectEqual(race.firstToken(.primary, now: at(99_000)), .deliver(.primary, cancel: nil))
        }
    }

    @Test("without a second target nothing is taken from the budget") func noTarget() {
        var race = HedgeRace(delay: .milliseconds(100), hasEffects: false, now: at(1000))
        var budget = budget()
        expectEqual(race.wake(hasTarget: false, budget: &budget, now: at(1100)), .skip(.noTarget))
        #expect(budget.available == 1 && race.wakeAt == nil)
    }

    @Test("an empty budget is asked again every half delay, and no more often than it may") func asksAgain() {
        var race = HedgeRace(delay: .milliseconds(100), hasEffects: false, now: at(1000))
        var empty = budget(0)
        var now = at(1100)
        for ask in 1..<HedgeRace.asks {
            let next = now.advanced(by: .milliseconds(50))
            expectEqual(race.wake(hasTarget: true, budget: &empty, now: now), .wait(until: next), "\(ask)")
            now = next
        }
        var other = race
        expectEqual(race.wake(hasTarget: true, budget: &empty, now: now), .skip(.budget))
        #expect(race.wakeAt == nil)
        var budget = budget()
        expectEqual(other.wake(hasTarget: true, budget: &budget, now: now), .hedge(after: .milliseconds(150)))
    }

    @Test("the first token wins, and the other side is cancelled and booked once", arguments: HedgeRace.Side.allCases)
    func wins(_ winner: HedgeRace.Side) {
        var race = hedged()
        expectEqual(race.ended(winner.other, now: at(1150)), nil)
        expectEqual(race.firstToken(winner, now: at(1200)), .deliver(winner, cancel: winner.other))
        expectEqual(race.firstToken(winner.other, now: at(1201)), .nothing)
        expectEqual(race.failed(winner.other, failed, isFinal: true, now: at(1202)), .nothing)
        let loss = race.ended(winner.other, now: at(1203))
        #expect(loss?.side == winner.other && loss?.stoppedAfter == .milliseconds(3))
        #expect(loss?.ran == .milliseconds(winner == .primary ? 103 : 203))
        expectEqual(race.ended(winner.other, now: at(1204)), nil)
        expectEqual(race.ended(winner, now: at(1204)), nil)
    }

    @Test("the failure of one leaves the other racing", arguments: HedgeRace.Side.allCases)
    func failure(_ loser: HedgeRace.Side) {
        var race = hedged()
        expectEqual(race.failed(loser, failed, isFinal: false, now: at(1200)), .nothing)
        expectEqual(race.firstToken(loser.other, now: at(1300)), .deliver(loser.other, cancel: nil))
    }

    @Test("a final failure of the first target is the answer; one of the second is not") func final() {
        var race = hedged()
        expectEqual(race.failed(.primary, refused, isFinal: true, now: at(1200)), .fail(refused, cancel: .hedge))
        expectEqual(race.ended(.hedge, now: at(1201))?.ran, .milliseconds(101))
        race = hedged()
        expectEqual(race.failed(.hedge, refused, isFinal: true, now: at(1200)), .nothing)
        expectEqual(race.firstToken(.primary, now: at(1300)), .deliver(.primary, cancel: nil))
    }

    @Test("a failure before the second target was asked ends the race") func early() {
        var race = HedgeRace(delay: .milliseconds(100), hasEffects: false, now: at(1000))
        expectEqual(race.failed(.primary, failed, isFinal: false, now: at(1050)), .fail(failed, cancel: nil))
        var budget = budget()
        expectEqual(race.wake(hasTarget: true, budget: &budget, now: at(1100)), .nothing)
        #expect(budget.available == 1)
    }

    @Test("of two failures the more telling one is told, whichever came first", arguments: HedgeRace.Side.allCases)
    func telling(_ first: HedgeRace.Side) {
        let rows: [(CodedError, CodedError, told: CodedError)] = [
            (failed, limited, limited), (limited, failed, limited),
            (CodedError(.modelUnavailable, "a"), failed, failed),
            (
                CodedError(.contextLengthExceeded, "a"), CodedError(.modelUnavailable, "b"),
                CodedError(.modelUnavailable, "b")
            ),
            (
                CodedError(.providerFailed, "primary"), CodedError(.providerFailed, "hedge"),
                CodedError(.providerFailed, "primary")
            ),
            (failed, refused, refused),
            (
                limited, CodedError(.providerRateLimited, "hedge", retryAfter: .seconds(2)),
                CodedError(.providerRateLimited, limited.message, retryAfter: .seconds(2))
            ),
        ]
        for row in rows {
            var race = hedged()
            let ends: [HedgeRace.Side: CodedError] = [.primary: row.0, .hedge: row.1]
            guard let one = ends[first], let two = ends[first.other] else { return }
            expectEqual(race.failed(first, one, isFinal: HedgeRace.isFinal(one), now: at(1200)), .nothing)
            expectEqual(
                race.failed(first.other, two, isFinal: HedgeRace.isFinal(two), now: at(1300)),
                .fail(row.told, cancel: nil))
        }
    }

    @Test("what no other target could mend is final") func finality() {
        for code in [ErrorCode.providerRefused, .invalidJSON, .modelNotFound, .cancelled] {
            #expect(HedgeRace.isFinal(CodedError(code, "")))
        }
        for code in [ErrorCode.contextLengthExceeded, .unsupportedByModel, .providerTimeout, .overloaded] {
            #expect(!HedgeRace.isFinal(CodedError(code, "")))
        }
    }

    @Test("a cancellation ends whatever runs") func cancellation() {
        var race = HedgeRace(delay: .milliseconds(100), hasEffects: false, now: at(1000))
        expectEqual(race.cancel(now: at(1050)), .cancel(primary: true, hedge: false))
        expectEqual(race.cancel(now: at(1051)), .nothing)
        #expect(race.wakeAt == nil)
        race = hedged()
        expectEqual(race.cancel(now: at(1150)), .cancel(primary: true, hedge: true))
        expectEqual(race.firstToken(.hedge, now: at(1151)), .nothing)
        expectEqual(race.ended(.hedge, now: at(1152))?.ran, .milliseconds(52))
        expectEqual(race.ended(.primary, now: at(1152))?.stoppedAfter, .milliseconds(2))
        race = hedged()
        _ = race.failed(.primary, failed, isFinal: false, now: at(1120))
        expectEqual(race.cancel(now: at(1150)), .cancel(primary: false, hedge: true))
    }
}
