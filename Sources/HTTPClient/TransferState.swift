internal import HTTP

/// The life of one transfer as a pure machine: what libcurl reports goes in, what the driver must do comes out.
///
///     waitingForHead → streaming ⇄ paused → ended          any → failed
struct TransferState {
    enum Phase: Equatable {
        case waitingForHead
        case streaming
        case ended
        case failed(HTTPClientError)
    }

    /// What the driver tells libcurl about a piece of body.
    enum Intake: Equatable {
        case take
        /// Not now: the same piece comes again after `resume`.
        case pause
        case refuse
    }

    /// What a reader finds.
    enum Supply: Equatable, Sendable {
        case piece([UInt8], resume: Bool)
        case wait
        case end
        case failure(HTTPClientError)
    }

    /// The bytes that may wait for the reader before libcurl is paused. Whatever waits here is held again by libcurl,
    /// which keeps the piece that was refused, and once more when it is decoded.
    static let window = 12 * 1024
    static let maxHeaderBytes = 128 * 1024

    private(set) var phase = Phase.waitingForHead
    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    private(set) var isPaused = false
    private var headerBytes = 0
    private var headComplete = false
    private var buffered: [UInt8] = []
    private var received = 0
    private var discards = false
    private let maxBody: Int

    init(maxBody: Int) { self.maxBody = maxBody }

    /// Whether the final head (no 1xx) is there.
    var hasHead: Bool { headComplete }

    /// Whether there is nothing yet for whoever waits: no head, or none of the body.
    var isSilent: Bool { phase == .waitingForHead || (buffered.isEmpty && phase == .streaming) }

    /// One header line as libcurl gives it, its line end included; `false` refuses the answer.
    mutating func headerLine(_ line: Span<UInt8>) -> Bool {
        headerBytes += line.count
        guard headerBytes <= TransferState.maxHeaderBytes else {
            fail(HTTPClientError(.tooLarge, "the answer's headers are too long"))
            return false
        }
        var end = line.count
        while end > 0, line[end - 1] == 13 || line[end - 1] == 10 { end -= 1 }
        if !headComplete, TransferState.isStatusLine(line) {
            headers = HTTPHeaders()
            status = TransferState.status(of: line.extracting(..<end))
        } else if end == 0 {
            // An interim answer is followed by the real one; trailers come after the head and are dropped.
            if status >= 200, phase == .waitingForHead {
                guard !headers.isContradictory("content-length") else {
                    fail(HTTPClientError(.broken, "the answer has two lengths"))
                    return false
                }
                headComplete = true
                phase = .streaming
            }
        } else if !headComplete, let colon = (0..<end).first(where: { line[$0] == 58 }) {
            var start = colon + 1
            while start < end, line[start] == 32 || line[start] == 9 { start += 1 }
            while end > start, line[end - 1] == 32 || line[end - 1] == 9 { end -= 1 }
            headers.add(name: line.extracting(..<colon), value: line.extracting(start..<end))
        }
        return true
    }

    private static func isStatusLine(_ line: Span<UInt8>) -> Bool {
        line.count > 5 && line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "T") && line[2] == UInt8(ascii: "T")
            && line[3] == UInt8(ascii: "P") && line[4] == UInt8(ascii: "/")
    }

    /// The number between the first and the second space; 0 when there is none.
    private static func status(of line: Span<UInt8>) -> Int {
        var index = 0
        while index < line.count, line[index] != 32 { index += 1 }
        while index < line.count, line[index] == 32 { index += 1 }
        var status = 0
        while index < line.count, line[index] != 32 {
            guard line[index] &- 48 < 10, status < 1000 else { return 0 }
            status = status * 10 + Int(line[index] &- 48)
            index += 1
        }
        return status
    }

    /// Whether a piece of `count` bytes may come now.
    mutating func offer(_ count: Int) -> Intake {
        guard phase == .streaming else { return .refuse }
        guard received + count <= maxBody else {
            fail(HTTPClientError(.tooLarge, "the answer is longer than \(maxBody) bytes"))
            return .refuse
        }
        if !buffered.isEmpty, buffered.count + count > TransferState.window {
            isPaused = true
            return .pause
        }
        received += count
        return .take
    }

    mutating func append(_ piece: some Collection<UInt8>) {
        if !discards { buffered.append(contentsOf: piece) }
    }

    /// The reader has what it wanted: what still comes is dropped. Whether anything may come; a paused transfer has
    /// more than an end.
    mutating func discardRest() -> Bool {
        buffered = []
        discards = true
        return phase == .streaming && !isPaused
    }

    /// The next thing for the reader. `resume` asks the driver to let libcurl go on.
    mutating func take() -> Supply {
        if !buffered.isEmpty {
            var piece: [UInt8] = []
            swap(&piece, &buffered)
            let resume = isPaused
            isPaused = false
            return .piece(piece, resume: resume)
        }
        switch phase {
        case .waitingForHead, .streaming: return .wait
        case .ended: return .end
        case .failed(let error): return .failure(error)
        }
    }

    /// libcurl is done: properly (`nil`) or not.
    mutating func finish(_ error: HTTPClientError?) {
        if let error { return fail(error) }
        guard case .streaming = phase else {
            return fail(HTTPClientError(.broken, "the server closed the connection without an answer"))
        }
        phase = .ended
    }

    /// The first failure stays; what was received before it is still given out.
    mutating func fail(_ error: HTTPClientError) {
        switch phase {
        case .ended, .failed: break
        default: phase = .failed(error)
        }
    }

    /// Ends at once and forgets what is buffered.
    mutating func cancel() {
        buffered = []
        if case .failed = phase { return }
        phase = .failed(HTTPClientError(.cancelled, "the call was cancelled"))
    }
}
