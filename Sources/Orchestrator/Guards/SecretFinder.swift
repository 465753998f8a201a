/// Finds what is not to leave in a text that comes in pieces: keeps what is not decided yet, and a little before it, and
/// gives places in the whole text. A pure machine.
struct SecretFinder: Sendable {
    /// A part of the text that is not to be shown.
    struct Edit: Equatable {
        var range: Range<Int>
        /// `nil` for more of the part before it.
        var kind: GuardKind?
    }

    /// What detectors see of the text before a finding: more than any of them looks back.
    static let history = 80
    /// Decided text is dropped when there is so much of it.
    private static let slack = 512
    /// How much of a piece is looked at in one go, in bytes: what a stream holds for this is little more.
    private static let stride = 2 << 10

    private let patterns: GuardPatterns
    private var scanner = SecretScanner()
    private var buffer: [UInt8] = []
    /// The place of the buffer's first byte in the text.
    private var base = 0
    /// All before it is decided.
    private(set) var settled = 0
    /// How long the text is so far.
    var end: Int { base + buffer.count }

    init(_ patterns: GuardPatterns) { self.patterns = patterns }

    /// The next piece of the text: appends what is found by then.
    mutating func take(_ text: String, _ edits: inout [Edit]) {
        guard text.utf8.count > Self.stride else { return look(at: text.utf8, &edits) }
        var rest = text.utf8[...]
        while !rest.isEmpty {
            look(at: rest.prefix(Self.stride), &edits)
            rest = rest.dropFirst(Self.stride)
        }
    }

    private mutating func look(at piece: some Sequence<UInt8>, _ edits: inout [Edit]) {
        letGo()
        buffer.append(contentsOf: piece)
        scan(isFinal: false, &edits)
    }

    private mutating func letGo() {
        let decided = settled - base - Self.history
        if decided >= Self.slack {
            buffer.removeFirst(decided)
            base += decided
            scanner.shift(by: decided)
        }
    }

    /// The text is over: decides the rest. What comes then is another text, whose places go on.
    mutating func finish(_ edits: inout [Edit]) {
        scan(isFinal: true, &edits)
        base += buffer.count
        buffer.removeAll(keepingCapacity: true)
        scanner = SecretScanner()
    }

    private mutating func scan(isFinal: Bool, _ edits: inout [Edit]) {
        var scanner = scanner
        defer { self.scanner = scanner }
        while true {
            switch scanner.next(in: buffer.span, isFinal: isFinal, patterns: patterns) {
            case .found(let finding):
                edits.append(Edit(range: (base + finding.start)..<(base + finding.end), kind: finding.kind))
            case .more(let range):
                edits.append(Edit(range: (base + range.lowerBound)..<(base + range.upperBound), kind: nil))
            case .settled(let place):
                settled = base + place
                return
            }
        }
    }
}
