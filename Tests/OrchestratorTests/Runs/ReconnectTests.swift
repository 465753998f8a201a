import Base
import Foundation
import Testing

@testable import Orchestrator

/// Clients of one run who come and go at random, some slow, some gone with half of what was on its way, while it runs and
/// after its end. All of it on one thread and from one seed, so that every case can be had again.
@Suite("Disconnects and reconnects", .timeLimit(.minutes(10)))
struct ReconnectTests {
    /// More of them with `RECONNECT_CASES`, for the slow proof.
    static let cases = ProcessInfo.processInfo.environment["RECONNECT_CASES"].flatMap { UInt64($0) } ?? 500

    @Test("every client gets every event once and in order, or is told what is still there")
    func cases() {
        var (connects, whileRunning, gone) = (0, 0, 0)
        for seed in 0..<Self.cases {
            var world = World(seed: seed)
            world.play()
            #expect(world.faults.isEmpty, "seed \(seed): \(world.faults.prefix(3))")
            connects += world.connects
            whileRunning += world.connectsWhileRunning
            gone += world.gone
        }
        print(
            "reconnects: cases \(Self.cases), connects \(connects), of them while the run went on \(whileRunning), 410: \(gone)"
        )
        #expect(whileRunning * 2 > connects, "most of the connects are to runs that go on")
        #expect(gone > 0, "small rings are among the cases")
    }
}

private struct World {
    private struct Client {
        /// The last event that it has got.
        var cursor: Int?
        var reader: RunMachine.ReaderID?
        /// Given out, and on its way.
        var underWay: [LoggedEvent] = []
        var isWaiting = false
        /// How likely it takes something in its turn, of 8.
        let pace: Int
    }

    private var generator: SeededGenerator
    private var machine: RunMachine
    private let bounds: RunLog.Bounds
    private let grace = Duration.seconds(5)
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var clients: [Client]
    private var logged: [LoggedEvent] = []
    private var runWaits = false
    private var aloneSince: Instant?
    private var isCancelled = false
    /// Whether nothing may ever be given up: then nobody may be told that it has.
    private let isLarge: Bool

    private(set) var faults: [String] = []
    private(set) var connects = 0
    private(set) var connectsWhileRunning = 0
    private(set) var gone = 0

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        isLarge = Bool.random(using: &generator)
        let ring = isLarge ? 10_000 : Int.random(in: 1...40, using: &generator)
        bounds = RunLog.Bounds(events: ring, bytes: isLarge ? .max : Int.random(in: 100...5000, using: &generator))
        machine = RunMachine(bounds: bounds, grace: grace, now: now)
        aloneSince = now
        clients = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
            Client(pace: Int.random(in: 1...8, using: &generator))
        }
        self.generator = generator
    }

    private mutating func fault(_ text: String) { faults.append(text) }

    mutating func play() {
        let total = Int.random(in: 1...300, using: &generator)
        var turns = 0
        while !machine.isOver, turns < 20_000 {
            turns += 1
            step(total)
        }
        if turns == 20_000 { fault("the run never ended") }
        for _ in 0..<10 { turn(of: Int.random(in: 0..<clients.count, using: &generator)) }
        // After its end everybody comes back for the rest.
        for index in clients.indices {
            if clients[index].reader == nil { connect(index) }
            var rounds = 0
            while clients[index].reader != nil, !hasAll(index), rounds < 2000 {
                rounds += 1
                receive(index)
                read(index)
            }
            if !hasAll(index) { fault("client \(index) has not got the end") }
        }
        check()
    }

    private mutating func step(_ total: Int) {
        switch Int.random(in: 0..<16, using: &generator) {
        case 0..<6: say(total)
        case 6..<14: turn(of: Int.random(in: 0..<clients.count, using: &generator))
        case 14 where Int.random(in: 0..<20, using: &generator) == 0: isCancelled = true
        default:
            now = now.advanced(by: .milliseconds(Int.random(in: 1...400, using: &generator)))
            tick()
        }
        if isCancelled, Bool.random(using: &generator) { end("CANCELLED") }
        check()
    }

    // MARK: The run

    private mutating func say(_ total: Int) {
        guard !isCancelled else { return }
        if logged.count >= total { return end("COMPLETE") }
        guard !runWaits else { return }
        let first = machine.log.first
        guard machine.hasRoom(underPressure: false, now: now) else {
            if machine.log.count < bounds.events, machine.log.bytes < bounds.bytes { fault("full too early") }
            runWaits = true
            return
        }
        if machine.log.count >= bounds.events || machine.log.bytes >= bounds.bytes { fault("room over the mark") }
        if !machine.log.hasReaders, machine.log.first != first { fault("given up while nobody read") }
        log(Int.random(in: 1...3, using: &generator))
    }

    private mutating func log(_ count: Int) {
        let events = (0..<count).map { index in
            (name: "TOKEN", data: Array("\(logged.count + index)".utf8))
        }
        for event in events {
            logged.append(LoggedEvent(sequence: logged.count, name: event.name, data: event.data))
        }
        heed(machine.append(events), wakesAll: true)
    }

    private mutating func end(_ name: String) {
        guard !machine.isOver else { return }
        logged.append(LoggedEvent(sequence: logged.count, name: name, data: []))
        heed(machine.end(with: [(name, [])]), wakesAll: true)
        heed(machine.append([("LATE", [])]))
        heed(machine.end(with: [("LATE", [])]))
        aloneSince = nil
    }

    private mutating func tick() {
        let due = machine.deadline.map { $0 <= now } ?? false
        let effects = machine.tick(now)
        if !due, effects != RunMachine.Effects() { fault("early") }
        let isAloneTooLong = aloneSince.map { now.since($0) >= grace } ?? false
        if effects.cancelsRun != (isAloneTooLong && !machine.isOver) { fault("cancelled: \(effects.cancelsRun)") }
        if effects.cancelsRun { isCancelled = true }
        heed(effects)
        noteLeft()
    }

    /// - Parameter wakesAll: Whether everybody who waits has something now.
    private mutating func heed(_ effects: RunMachine.Effects, wakesAll: Bool = false) {
        if effects.resumesRun { runWaits = false }
        for index in clients.indices where clients[index].isWaiting {
            guard let reader = clients[index].reader, effects.resumed.contains(reader) else {
                if wakesAll { fault("client \(index) still waits") }
                continue
            }
            clients[index].isWaiting = false
        }
    }

    // MARK: The clients

    private mutating func turn(of index: Int) {
        guard clients[index].reader != nil else {
            if Int.random(in: 0..<3, using: &generator) == 0 { connect(index) }
            return
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: disconnect(index)
        case ...clients[index].pace:
            receive(index)
            read(index)
        default: break
        }
    }

    private mutating func connect(_ index: Int) {
        connects += 1
        if !machine.isOver { connectsWhileRunning += 1 }
        do throws(CodedError) {
            let (reader, effects) = try machine.attach(after: clients[index].cursor, now: now)
            clients[index].reader = reader
            aloneSince = nil
            heed(effects)
        } catch {
            let next = (clients[index].cursor ?? -1) + 1
            if error.code != .eventsGone || next >= machine.log.first { fault("refused: \(error)") }
            if isLarge { fault("gone from a large ring") }
            gone += 1
            // It goes on with what is left, as it was told.
            clients[index].cursor = machine.log.first - 1
            let left = machine.log.first - 1
            guard let (reader, effects) = try? machine.attach(after: left, now: now) else {
                return fault("what was told is not there")
            }
            clients[index].reader = reader
            aloneSince = nil
            heed(effects)
        }
    }

    /// The connection breaks; of what was on its way, a part arrives.
    private mutating func disconnect(_ index: Int) {
        guard let reader = clients[index].reader else { return }
        receive(index, Int.random(in: 0...clients[index].underWay.count, using: &generator))
        clients[index].underWay = []
        clients[index].reader = nil
        clients[index].isWaiting = false
        heed(machine.detach(reader, now: now))
        heed(machine.detach(reader, now: now))
        noteLeft()
    }

    private mutating func noteLeft() {
        if !machine.log.hasReaders, aloneSince == nil, !machine.isOver { aloneSince = now }
    }

    private mutating func receive(_ index: Int, _ count: Int? = nil) {
        let count = count ?? clients[index].underWay.count
        for event in clients[index].underWay.prefix(count) {
            if event.sequence != (clients[index].cursor ?? -1) + 1 { fault("client \(index) got \(event.sequence)") }
            if event != logged[event.sequence] { fault("not what was logged") }
            clients[index].cursor = event.sequence
        }
        clients[index].underWay.removeFirst(count)
    }

    private mutating func read(_ index: Int) {
        guard let reader = clients[index].reader, !clients[index].isWaiting else { return }
        let (read, effects) = machine.read(reader, limit: Int.random(in: 1...60, using: &generator), now: now)
        heed(effects)
        switch read {
        case .events(let events): clients[index].underWay = Array(events)
        case .wait:
            clients[index].isWaiting = true
            if clients[index].cursor != logged.count - 1, !logged.isEmpty { fault("waits with events to read") }
        case .over:
            if !hasAll(index) { fault("over too early") }
            disconnect(index)
        case .left:
            clients[index].underWay = []
            clients[index].reader = nil
            clients[index].isWaiting = false
        }
    }

    private func hasAll(_ index: Int) -> Bool { clients[index].cursor == logged.count - 1 && machine.isOver }

    // MARK: What is always true

    private mutating func check() {
        if machine.log.next != logged.count { fault("\(machine.log.next) logged, not \(logged.count)") }
        let attached = clients.filter { $0.reader != nil && !$0.underWay.isEmpty }
        for client in attached where machine.log.first > (client.cursor ?? -1) + 1 {
            // One that was left behind has not heard of it yet.
            if let reader = client.reader, isAttached(reader) { fault("given up before it was had") }
        }
        if isLarge, machine.log.first != 0 { fault("a large ring gave something up") }
        var looked = machine
        if runWaits, !machine.isOver, looked.hasRoom(underPressure: false, now: now) { fault("the run sleeps on") }
    }

    private func isAttached(_ reader: RunMachine.ReaderID) -> Bool {
        var looked = machine
        if case .left = looked.read(reader, limit: 1, now: now).0 { return false }
        return true
    }
}
