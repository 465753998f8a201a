import Base
import HTTP
import HTTPClient
import Models
import Synchronization

/// A client whose answers are written beforehand.
final class ScriptedClient: HTTPCalling {
    struct Answer: Sendable {
        var status = 200
        var headers: HTTPHeaders = ["content-type": "application/json"]
        var pieces: [[UInt8]] = []
        /// Thrown instead of the head, or after the pieces.
        var headFailure: HTTPClientError?
        var bodyFailure: HTTPClientError?

        static func json(_ text: String, status: Int = 200) -> Answer {
            Answer(status: status, pieces: [Array(text.utf8)])
        }

        static func events(_ text: String, cutEvery size: Int = 4096, then failure: HTTPClientError? = nil) -> Answer {
            let bytes = Array(text.utf8)
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min($0 + size, bytes.count)])
            }
            return Answer(headers: ["content-type": "text/event-stream"], pieces: pieces, bodyFailure: failure)
        }

        static func failing(_ kind: HTTPClientError.Kind) -> Answer {
            Answer(headFailure: HTTPClientError(kind, "scripted"))
        }
    }

    private let answers: Mutex<[Answer]>
    private let sent = Mutex<[OutgoingRequest]>([])
    private let bodies = Mutex<[ScriptedBody]>([])

    init(_ answers: [Answer]) { self.answers = Mutex(answers) }

    var requests: [OutgoingRequest] { sent.withLock { $0 } }
    var cancelledBodies: Int { bodies.withLock { $0.filter(\.isCancelled).count } }

    func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
        sent.withLock { $0.append(request) }
        let next = answers.withLock { $0.isEmpty ? Answer.failing(.shutdown) : $0.removeFirst() }
        if let failure = next.headFailure { throw failure }
        let body = ScriptedBody(next)
        bodies.withLock { $0.append(body) }
        return IncomingResponse(status: next.status, headers: next.headers, body: body)
    }
}

final class ScriptedBody: ResponseBody {
    private let state: Mutex<(pieces: ArraySlice<[UInt8]>, failure: HTTPClientError?, cancelled: Bool)>

    init(_ answer: ScriptedClient.Answer) { state = Mutex((answer.pieces[...], answer.bodyFailure, false)) }

    var isCancelled: Bool { state.withLock { $0.cancelled } }

    func next() async throws(HTTPClientError) -> [UInt8]? {
        let step = state.withLock { state -> Result<[UInt8]?, HTTPClientError> in
            if state.cancelled { return .failure(HTTPClientError(.cancelled, "cancelled")) }
            if let piece = state.pieces.popFirst() { return .success(piece) }
            if let failure = state.failure { return .failure(failure) }
            return .success(nil)
        }
        return try step.get()
    }

    func cancel() { state.withLock { $0.cancelled = true } }
}

/// A clock that moves a millisecond with every look.
final class TickingClock: TimeSource {
    private let ticks = Mutex<UInt64>(0)

    func now() -> Instant {
        Instant(
            nanoseconds: ticks.withLock { ticks in
                ticks += 1
                return ticks * 1_000_000
            })
    }

    func wallTime() -> WallTime { WallTime(milliseconds: 0) }

    /// At once: the next look is after the instant.
    func sleep(until instant: Instant) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        ticks.withLock { $0 = max($0, instant.nanoseconds / 1_000_000) }
    }
}

final class RecordingObserver: GatewayObserver {
    private let seen = Mutex<(attempts: [Attempt], reports: [AnswerReport], events: [GatewayEvent])>(([], [], []))

    var attempts: [Attempt] { seen.withLock { $0.attempts } }
    var reports: [AnswerReport] { seen.withLock { $0.reports } }
    var events: [GatewayEvent] { seen.withLock { $0.events } }

    func attemptEnded(_ attempt: Attempt, context: RunContext) { seen.withLock { $0.attempts.append(attempt) } }
    func answerEnded(_ report: AnswerReport, context: RunContext) { seen.withLock { $0.reports.append(report) } }
    func happened(_ event: GatewayEvent, context: RunContext) { seen.withLock { $0.events.append(event) } }
}

func testContext(deadline: Instant? = nil) -> RunContext {
    RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, deadline: deadline,
        trace: TraceContext(traceHigh: 1, traceLow: 2, spanID: 3))
}

func allEvents(of stream: any ModelStream) async throws -> [ModelEvent] {
    var events: [ModelEvent] = []
    while let event = try await stream.next() { events.append(event) }
    return events
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
