/// Cuts JSON Lines out of bytes as they come. A pure state machine. A line ends with LF or CR LF, or where the input
/// ends; lines of white space alone are no lines. One that is too long is told once, and skipped to its end: the others
/// are not lost with it. The mark of UTF-8 with which some editors begin a file belongs to no line.
struct LineReader: Sendable {
    enum Line: Sendable, Equatable {
        case whole([UInt8])
        case tooLong
    }

    /// Bytes that a line may have.
    let limit: Int
    private var rest: [UInt8] = []
    /// Up to where `rest` has been looked at, and taken.
    private var scanned = 0
    private var taken = 0
    private var isSkipping = false
    private var isAtStart = true
    private(set) var hasEnded = false

    init(limit: Int) { self.limit = limit }

    mutating func feed(_ bytes: [UInt8]) {
        if taken > 0 {
            rest.removeFirst(taken)
            scanned -= taken
            taken = 0
        }
        rest += bytes
    }

    /// Nothing more comes.
    mutating func end() { hasEnded = true }

    /// The next line; `nil` when more has to come first, or, after the end, when there is none.
    mutating func next() -> Line? {
        guard passMark() else { return nil }
        while true {
            guard let feedAt = rest[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = rest.count
                if !isSkipping, scanned - taken > limit + 1 {
                    isSkipping = true
                    taken = scanned
                    return .tooLong
                }
                if isSkipping { taken = scanned }
                guard hasEnded, taken < rest.count else { return nil }
                if let line = line(upTo: rest.count, next: rest.count) { return line }
                return nil
            }
            if let line = line(upTo: feedAt, next: feedAt + 1) { return line }
        }
    }

    /// Leaves out the mark that the input may begin with; false while what has come may become one.
    private mutating func passMark() -> Bool {
        guard isAtStart else { return true }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard hasEnded || rest.count >= mark.count || !mark.starts(with: rest) else { return false }
        isAtStart = false
        if rest.starts(with: mark) { (taken, scanned) = (mark.count, mark.count) }
        return true
    }

    /// Takes what lies before `end`; `nil` where that is no line.
    private mutating func line(upTo end: Int, next: Int) -> Line? {
        defer {
            taken = next
            scanned = next
        }
        guard !isSkipping else {
            isSkipping = false
            return nil
        }
        var line = rest[taken..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }) {
            return nil
        }
        return line.count > limit ? .tooLong : .whole(Array(line))
    }
}
