public import Base

/// The events of one run that can still be had: a ring with a mark in events and one in bytes, and a cursor for each
/// reader. A pure machine.
///
/// While nobody reads, nothing is given up: at its mark the log is full, and the run waits. While somebody does, what
/// every reader has had gives way to what is new, and the slowest of them decides when the log is full. Events are
/// logged in groups, of which the last may go over the mark.
public struct RunLog: Sendable {
    /// The marks at which the log is full.
    public struct Bounds: Sendable, Equatable {
        public var events: Int
        public var bytes: Int

        public init(events: Int, bytes: Int) {
            self.events = max(1, events)
            self.bytes = max(1, bytes)
        }
    }

    public typealias ReaderID = Int

    private struct Cursor: Sendable {
        let id: ReaderID
        /// Everything before it has been received.
        var had: Int
        /// Everything before it has been given out.
        var given: Int
    }

    /// Readers of one run at once.
    static let maxReaders = 16
    /// What an event takes besides its bytes, roughly.
    private static let overhead = 64

    public let bounds: Bounds
    private var events: [LoggedEvent] = []
    /// Where in `events` the oldest one is that is still there.
    private var head = 0
    private var readers: [Cursor] = []
    private var readerCount = 0
    /// What the events take.
    public private(set) var bytes = 0
    /// The sequence of the next event.
    public private(set) var next = 0

    public init(bounds: Bounds) { self.bounds = bounds }

    /// The events that are still there.
    public var count: Int { events.count - head }
    /// The sequence of the oldest event that is still there; ``next`` when there is none.
    public var first: Int { next - count }
    public var hasReaders: Bool { !readers.isEmpty }

    // MARK: Writing

    /// Whether the run must wait, after what may give way has done so.
    /// - Parameter underPressure: All logs together take too much: then this one keeps what its readers have yet to get,
    ///   and nothing else.
    public mutating func isFull(underPressure: Bool = false) -> Bool {
        if underPressure {
            giveUp { _ in true }
            return count > 0
        }
        guard isAtMark else { return false }
        let bounds = bounds
        giveUp { $0.count >= bounds.events || $0.bytes >= bounds.bytes }
        return isAtMark
    }

    private var isAtMark: Bool { count >= bounds.events || bytes >= bounds.bytes }

    /// Logs one event, full or not.
    public mutating func append(_ name: String, _ data: [UInt8]) {
        events.append(LoggedEvent(sequence: next, name: name, data: data))
        bytes += RunLog.size(name, data)
        next += 1
    }

    private static func size(_ name: String, _ data: [UInt8]) -> Int { name.utf8.count + data.count + overhead }

    /// Gives up the oldest events that every reader has had, as long as `more` is wanted; nothing without readers.
    private mutating func giveUp(while more: (borrowing RunLog) -> Bool) {
        guard let needed = readers.lazy.map(\.had).min() else { return }
        while first < needed, more(self) {
            bytes -= RunLog.size(events[head].name, events[head].data)
            // The place stays until many have gone; what it held goes now.
            events[head] = LoggedEvent(sequence: events[head].sequence, name: "", data: [])
            head += 1
        }
        if head > 64, head * 2 > events.count {
            events.removeFirst(head)
            head = 0
        }
    }

    // MARK: Reading

    /// Enters a reader that has had everything up to `sequence`; nothing yet for `nil`.
    /// - Throws: `events_gone`, `invalid_value` for a sequence that the run has not come to, `overloaded`.
    public mutating func attach(after sequence: Int?) throws(CodedError) -> ReaderID {
        let start = try place(after: sequence)
        guard readers.count < RunLog.maxReaders else {
            throw CodedError(
                .overloaded, "\(RunLog.maxReaders) readers are attached to this run, and no more may be.",
                retryAfter: .seconds(1))
        }
        readerCount += 1
        readers.append(Cursor(id: readerCount, had: start, given: start))
        return readerCount
    }

    private func place(after sequence: Int?) throws(CodedError) -> Int {
        guard let sequence else {
            guard first == 0 else { throw gone("The first events of this run") }
            return 0
        }
        guard sequence >= 0, sequence < next else {
            let known = next == 0 ? "has none yet" : "has come to \(next - 1)"
            throw CodedError(
                .invalidValue, "There is no event \(sequence) after which to go on: this run \(known).", param: "after")
        }
        guard sequence + 1 >= first else { throw gone("Events after \(sequence)") }
        return sequence + 1
    }

    private func gone(_ what: String) -> CodedError {
        let rest =
            count == 0
            ? "None is left; what comes next follows after=\(next - 1)."
            : "Those from \(first) to \(next - 1) are still there: go on with after=\(first - 1)."
        return CodedError(.eventsGone, "\(what) are no longer kept. \(rest)", param: "after")
    }

    /// What a reader gets next: as many events as go within `limit` bytes, but one at least. What it was given before
    /// counts as received. Empty when there is nothing new; `nil` for a reader that is not, or no longer, attached.
    public mutating func read(_ reader: ReaderID, limit: Int) -> ArraySlice<LoggedEvent>? {
        guard let index = readers.firstIndex(where: { $0.id == reader }) else { return nil }
        let start = readers[index].given
        readers[index].had = start
        let from = head + start - first
        var end = from
        var size = 0
        while end < events.count, end == from || size + events[end].data.count <= limit {
            size += events[end].data.count
            end += 1
        }
        readers[index].given = start + end - from
        return events[from..<end]
    }

    /// A reader goes; whether it was there.
    @discardableResult
    public mutating func detach(_ reader: ReaderID) -> Bool {
        guard let index = readers.firstIndex(where: { $0.id == reader }) else { return false }
        readers.remove(at: index)
        return true
    }

    /// The readers that have not had the oldest event: for them the log is full.
    public var slowest: [ReaderID] {
        let first = first
        return readers.filter { $0.had == first }.map(\.id)
    }
}
