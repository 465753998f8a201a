import Base
import Testing

@testable import Resilience

@Suite("Loads of targets") struct TargetLoadTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: UInt64(milliseconds) * 1_000_000) }

    @Test("what was seen loses half of its worth in a half-life, to a hundredth") func decay() {
        #expect(TargetLoad.halved(0, 1000) == 1)
        var last = 1.0
        for time in 1...20_000 as ClosedRange<UInt64> {
            let factor = TargetLoad.halved(time, 1000)
            #expect(factor < last)
            last = factor
        }
        for halves in 1...20 as ClosedRange<UInt64> {
            let exact = 1 / Double(1 << halves)
            #expect(abs(TargetLoad.halved(halves * 1000, 1000) - exact) < exact / 100)
            #expect(abs(TargetLoad.halved(halves * 1000 - 1, 1000) - exact) < exact / 100)
            #expect(abs(TargetLoad.halved(halves * 1000 + 500, 1000) - exact * 0.5.squareRoot()) < exact / 100)
        }
        #expect(TargetLoad.halved(.max, 1) == 0)
    }

    @Test("one slow first token is believed at once, fast ones bring it down in time") func peak() {
        var load = TargetLoad(halfLife: .seconds(1))
        for time in 0..<100 { load.note(firstToken: .milliseconds(100), now: at(time * 100)) }
        #expect(abs(load.latency(now: at(9900)) - 1e8) < 1e6)
        load.note(firstToken: .milliseconds(1000), now: at(10_000))
        #expect(load.latency(now: at(10_000)) == 1e9)
        for time in 1...20 { load.note(firstToken: .milliseconds(100), now: at(10_000 + time * 100)) }
        // Two half-lives: a quarter of the difference is left.
        #expect(abs(load.latency(now: at(12_000)) - 3.25e8) < 1e7)
    }

    @Test("the cost grows with the calls under way, and fades while nobody asks") func cost() {
        var load = TargetLoad(halfLife: .seconds(1))
        load.note(firstToken: .milliseconds(100), now: at(0))
        #expect(load.cost(now: at(0)) == 1e8)
        for _ in 0..<3 { load.begin() }
        #expect(load.cost(now: at(0)) == 4e8 && load.busy(now: at(0)) == 3)
        #expect(abs(load.cost(now: at(1000)) - 2e8) < 2e6)
    }

    @Test("whole answers and first tokens are times of their own; where only one is known it stands for both")
    func wholeAnswers() {
        var load = TargetLoad(halfLife: .seconds(1))
        load.note(whole: .seconds(5), now: at(0))
        #expect(load.cost(now: at(0), isWhole: true) == 5e9 && load.cost(now: at(0)) == 5e9)
        load.note(firstToken: .milliseconds(100), now: at(0))
        #expect(load.cost(now: at(0), isWhole: true) == 5e9 && load.cost(now: at(0)) == 1e8)
        load.note(firstToken: .milliseconds(100), now: at(1000))
        #expect(abs(load.cost(now: at(1000), isWhole: true) - 2.5e9) < 5e7)
    }

    @Test("a target that nobody knows is tried by one caller at a time") func unknown() {
        var load = TargetLoad()
        #expect(load.cost(now: at(0)) == 0)
        load.begin()
        #expect(load.cost(now: at(0)) > 1e12)
        load.end(failed: false, now: at(1))
        #expect(load.cost(now: at(1)) == 0)
    }

    @Test("a failure counts as a call that is under way for a while") func failures() {
        var load = TargetLoad(halfLife: .seconds(1))
        for _ in 0..<4 {
            load.begin()
            load.end(failed: true, now: at(0))
        }
        #expect(load.inFlight == 0 && load.busy(now: at(0)) == 4)
        #expect(abs(load.busy(now: at(2000)) - 1) < 0.02)
        #expect(load.cost(now: at(0)) > 1e12)
    }

    @Test("ends without a beginning and times that go back change nothing for the worse") func oddities() {
        var load = TargetLoad(halfLife: .seconds(1))
        load.end(failed: false, now: at(1000))
        #expect(load.inFlight == 0)
        load.note(firstToken: .milliseconds(100), now: at(2000))
        load.note(firstToken: .milliseconds(50), now: at(1000))
        #expect(load.latency(now: at(500)) == 1e8)
    }
}
