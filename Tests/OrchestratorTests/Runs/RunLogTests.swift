import Base
import Testing

@testable import Orchestrator

@Suite("The log of a run")
struct RunLogTests {
    private static func log(events: Int, bytes: Int = .max, of count: Int = 0) -> RunLog {
        var log = RunLog(bounds: .init(events: events, bytes: bytes))
        for _ in 0..<count { log.append("TOKEN", [1]) }
        return log
    }

    /// Whether it is full, and what is the first event then.
    private static func look(_ log: inout RunLog, underPressure: Bool = false) -> [Int] {
        [log.isFull(underPressure: underPressure) ? 1 : 0, log.first, log.count]
    }

    private static func refusal(_ log: RunLog, after sequence: Int?) -> CodedError? {
        var log = log
        do throws(CodedError) { _ = try log.attach(after: sequence) } catch { return error }
        return nil
    }

    private static let (full, room) = (1, 0)

    @Test("events are counted on from 0 and read back as they were logged")
    func order() throws {
        var log = Self.log(events: 10)
        log.append("A", [1])
        log.append("B", [2, 3])
        let reader = try log.attach(after: nil)
        let expected = [
            LoggedEvent(sequence: 0, name: "A", data: [1]), LoggedEvent(sequence: 1, name: "B", data: [2, 3]),
        ]
        let (all, none) = (log.read(reader, limit: 100), log.read(reader, limit: 100))
        #expect(all.map(Array.init) == expected)
        #expect(none?.isEmpty == true)
    }

    @Test("while nobody reads, nothing is given up: at its mark the log is full")
    func nobody() {
        var log = Self.log(events: 3, of: 3)
        let (plainly, pressed) = (Self.look(&log), Self.look(&log, underPressure: true))
        #expect(plainly == [Self.full, 0, 3])
        #expect(pressed == plainly)
        var bytes = Self.log(events: 100, bytes: 140, of: 1)
        let before = Self.look(&bytes)
        bytes.append("TOKEN", [1])
        let after = Self.look(&bytes)
        #expect(before == [Self.room, 0, 1] && after == [Self.full, 0, 2], "the mark in bytes counts as well")
    }

    @Test("what every reader has had gives way to what is new; what was only handed out does not")
    func givesWay() throws {
        var log = Self.log(events: 3, of: 3)
        let (fast, slow) = (try log.attach(after: nil), try log.attach(after: nil))
        _ = log.read(fast, limit: 100)
        _ = log.read(fast, limit: 100)
        var looks = [Self.look(&log)]
        #expect(log.slowest == [slow])
        _ = log.read(slow, limit: 1)
        // It was given the first one, and may not have got it.
        looks.append(Self.look(&log))
        _ = log.read(slow, limit: 1)
        looks.append(Self.look(&log))
        log.detach(slow)
        log.append("TOKEN", [1])
        // Only as much gives way as has to.
        looks.append(Self.look(&log))
        log.detach(fast)
        log.append("TOKEN", [1])
        looks.append(Self.look(&log))
        let (full, room) = (Self.full, Self.room)
        #expect(looks == [[full, 0, 3], [full, 0, 3], [room, 1, 2], [room, 2, 2], [full, 2, 3]])
    }

    @Test("under pressure a log keeps what its readers have yet to get, and nothing else")
    func pressure() throws {
        var log = Self.log(events: 10, of: 4)
        let reader = try log.attach(after: 1)
        let before = Self.look(&log, underPressure: true)
        _ = log.read(reader, limit: 100)
        _ = log.read(reader, limit: 100)
        let after = Self.look(&log, underPressure: true)
        #expect(before == [Self.full, 2, 2] && after == [Self.room, 4, 0] && log.bytes == 0)
    }

    @Test("a batch ends at its limit, and has one event at least")
    func batches() throws {
        var log = Self.log(events: 10)
        for size in [10, 3, 3, 3] { log.append("A", Array(repeating: 0, count: size)) }
        let reader = try log.attach(after: nil)
        let batches = (0..<3).map { _ in log.read(reader, limit: 6)?.map(\.sequence) }
        #expect(batches == [[0], [1, 2], [3]])
    }

    @Test("a cursor that is too old is told what is still there; one that is ahead is not taken")
    func cursors() throws {
        var log = Self.log(events: 3, of: 3)
        let reader = try log.attach(after: 2)
        for _ in 0..<3 {
            _ = log.isFull()
            log.append("TOKEN", [1])
            _ = log.read(reader, limit: 100)
            _ = log.read(reader, limit: 100)
        }
        #expect(log.first == 3 && log.next == 6)
        for old in [nil, 0, 1] {
            let error = Self.refusal(log, after: old)
            #expect(error?.code == .eventsGone && error?.code.status == 410)
            #expect(error?.message.contains("from 3 to 5") == true && error?.message.contains("after=2") == true)
        }
        for fine in 2...5 { #expect(Self.refusal(log, after: fine) == nil) }
        for ahead in [6, 7, Int.max, -1, Int.min] {
            let error = Self.refusal(log, after: ahead)
            #expect(error?.code == .invalidValue && error?.param == "after")
        }
    }

    @Test("no more than so many readers at once")
    func readers() throws {
        var log = Self.log(events: 3)
        let first = try log.attach(after: nil)
        for _ in 1..<RunLog.maxReaders { _ = try log.attach(after: nil) }
        #expect(Self.refusal(log, after: nil)?.code == .overloaded)
        let gone = (log.detach(first), log.detach(first), log.read(first, limit: 1))
        #expect(gone.0 && !gone.1 && gone.2 == nil)
        _ = try log.attach(after: nil)
    }

    @Test("against a plain list, over random uses: what is there, what it takes, and who may still read what")
    func model() throws {
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let bound = Int.random(in: 1...200, using: &generator)
            var log = Self.log(events: bound)
            var all: [[UInt8]] = []
            var cursors: [RunLog.ReaderID: (had: Int, given: Int)] = [:]
            for _ in 0..<600 {
                switch Int.random(in: 0..<8, using: &generator) {
                case 0..<4:
                    let first = log.first
                    if log.isFull() {
                        #expect(log.count >= bound && log.first == (cursors.values.map(\.had).min() ?? first))
                    } else {
                        #expect(log.count < bound)
                        all.append([UInt8(truncatingIfNeeded: all.count)])
                        log.append("A", all[all.count - 1])
                    }
                    if cursors.isEmpty { #expect(log.first == first) }
                case 4, 5:
                    guard let (id, cursor) = cursors.randomElement(using: &generator) else { continue }
                    let given = log.read(id, limit: Int.random(in: 1...5, using: &generator))
                    let read = try #require(given)
                    #expect(read.map(\.data) == Array(all[cursor.given..<cursor.given + read.count]))
                    #expect(read.map(\.sequence) == Array(cursor.given..<cursor.given + read.count))
                    cursors[id] = (cursor.given, cursor.given + read.count)
                case 6:
                    let after = all.isEmpty ? nil : Int.random(in: -1..<all.count, using: &generator)
                    let start = (after ?? -1) + 1
                    let id = try? log.attach(after: after == -1 ? nil : after)
                    #expect((id != nil) == (start >= log.first && cursors.count < RunLog.maxReaders))
                    if let id { cursors[id] = (start, start) }
                default:
                    guard let id = cursors.keys.randomElement(using: &generator) else { continue }
                    let wasThere = log.detach(id)
                    #expect(wasThere)
                    cursors[id] = nil
                }
                #expect(log.next == all.count && log.count <= bound)
                #expect(log.bytes == log.count * 66, "each of these takes 66")
                #expect(log.first <= cursors.values.map(\.had).min() ?? .max)
            }
        }
    }
}
