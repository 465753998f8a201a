import Base
import Resilience
import Synchronization
import TestKit
import Testing

@Suite("Breaker boards") struct BreakerBoardTests {
    private struct Place: Hashable {
        var provider = "a"
        var model = "m"
        var key = 0
    }

    private final class Places: Sendable {
        let places = Mutex<[Place]>([])
    }

    private func fail(_ circuit: CircuitBreaker) throws {
        for _ in 0..<5 { try circuit.permit().end(.failed(.providerFailed)) }
    }

    @Test("every provider, model and key has a circuit of its own; one deployment alone is protected too")
    func separate() throws {
        let board = BreakerBoard<Place>(time: TestClock())
        try fail(board.circuit(for: Place()))
        #expect(board.circuit(for: Place()).refusal?.reason == .open)
        #expect(
            board.circuit(for: Place(key: 1)).refusal == nil && board.circuit(for: Place(model: "n")).refusal == nil)
        #expect(board.count == 3)
        let open = board.snapshot().filter { $0.circuit.state.name == "open" }
        #expect(open.map(\.key) == [Place()] && open.first?.circuit.lastError == .providerFailed)
    }

    @Test("a rejected key rests for all models of its provider, until the configuration is loaded again") func keys()
        throws
    {
        let places = Places()
        let make = {
            BreakerBoard<Place>(
                time: TestClock(), credential: { Place(provider: $0.provider, model: "", key: $0.key) },
                onEvent: { place, event in if event == .keyRejected { places.places.withLock { $0.append(place) } } })
        }
        let board = make()
        try board.circuit(for: Place(model: "x")).permit().end(.rejectedKey)
        #expect(board.circuit(for: Place(model: "y")).refusal?.reason == .rejectedKey)
        #expect(board.circuit(for: Place(model: "x", key: 1)).refusal == nil)
        #expect(places.places.withLock(\.self) == [Place(model: "x")])
        let next = make()
        next.takeOver(board) { _ in true }
        #expect(next.circuit(for: Place(model: "y")).refusal == nil)
        // Models that were not asked before share the key with those that were.
        try next.circuit(for: Place(model: "new")).permit().end(.rejectedKey)
        #expect(next.circuit(for: Place(model: "x")).refusal?.reason == .rejectedKey)
    }

    @Test(
        "loading the configuration again keeps what is open, each under its key's new policy, and forgets what is gone")
    func takeOver() throws {
        let board = BreakerBoard<Place>(time: TestClock())
        let (open, counted) = (board.circuit(for: Place()), board.circuit(for: Place(key: 1)))
        let late = try counted.permit()
        try fail(open)
        try counted.permit().end(.failed(.providerFailed))
        try fail(board.circuit(for: Place(provider: "gone")))
        let next = BreakerBoard<Place>(
            time: TestClock(),
            policy: { BreakerPolicy(failures: 3, mode: $0.key == 9 ? .forcedOpen : .automatic) })
        next.takeOver(board) { $0.provider != "gone" }
        #expect(next.count == 2 && next.circuit(for: Place()) === open && open.refusal?.reason == .open)
        #expect(next.circuit(for: Place(key: 9)).refusal?.reason == .forcedOpen)
        #expect(next.circuit(for: Place(provider: "gone")).refusal == nil)
        #expect(board.circuit(for: Place(provider: "gone")).refusal?.reason == .open, "for those who began before")
        late.end(.failed(.providerFailed))
        #expect(counted.snapshot.state == .closed)
        try next.circuit(for: Place(key: 1)).permit().end(.failed(.providerFailed))
        #expect(counted.snapshot.state.name == "open", "the third failure in all, three of which now open it")
    }

    @Test("holds no more circuits than it may, and keeps the open ones as long as it can") func bound() throws {
        let board = BreakerBoard<Int>(limit: 16, time: TestClock())
        for key in [3, 8] { try fail(board.circuit(for: key)) }
        for key in 100..<10_000 { _ = board.circuit(for: key) }
        #expect(board.count == 16)
        #expect([3, 8].allSatisfy { board.circuit(for: $0).refusal?.reason == .open })
        // When all are open, one has to go.
        for key in 20_000..<20_100 { try fail(board.circuit(for: key)) }
        #expect(board.count == 16)
        let tiny = BreakerBoard<Int>(limit: 0, time: TestClock())
        for key in 0..<100 { try tiny.circuit(for: key).permit().end(.rejectedKey) }
        #expect(tiny.count == 1)
    }

    @Test("a key that gave its place up is known again after loading the configuration too") func oldKeys() throws {
        let board = BreakerBoard<Int>(limit: 2, time: TestClock())
        for key in 0..<3 { _ = board.circuit(for: key) }
        let old = try #require(board.snapshot().map(\.key).first { $0 < 2 })
        try board.circuit(for: old).permit().end(.rejectedKey)
        #expect(board.circuit(for: old).refusal?.reason == .rejectedKey)
        let next = BreakerBoard<Int>(limit: 2, time: TestClock())
        next.takeOver(board) { _ in true }
        #expect(next.circuit(for: old).refusal == nil && next.count == 2)
    }

    @Test("many tasks that ask for the same key get the same circuit") func sameCircuit() async {
        let board = BreakerBoard<Int>(time: TestClock())
        let circuits = await withTaskGroup(of: (Int, ObjectIdentifier).self) { group in
            for index in 0..<1_000 {
                group.addTask { @concurrent in (index % 7, ObjectIdentifier(board.circuit(for: index % 7))) }
            }
            return await group.reduce(into: [Int: Set<ObjectIdentifier>]()) { $0[$1.0, default: []].insert($1.1) }
        }
        #expect(circuits.count == 7 && circuits.values.allSatisfy { $0.count == 1 })
    }
}
