import Base
import HTTP
import HTTPClient
import Models
import Synchronization
import TestKit

/// A client whose answers are written beforehand.
final class ScriptedClient: HTTPCalling {
    struct Answer: Sendable {
        var status = 200
        var headers: HTTPHeaders = ["content-type": "application/json"]
        var pieces: [[UInt8]] = []
        /// Thrown instead of the head, or after the pieces.
        var headFailure: HTTPClientError?
        var bodyFailure: HTTPClientError?
        /// How long the connection, the head after it and each piece after the one before take, by the client's clock;
        /// what comes after the pieces has the delay after theirs.
        var connection = Duration.zero
        var head = Duration.zero
        var delays: [Duration] = []

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
    private let clock: TestClock?

    /// Whoever waits for an answer moves the clock to where it comes, or to where its time is over; without a clock
    /// everything is there at once.
    init(_ answers: [Answer], clock: TestClock? = nil) {
        self.answers = Mutex(answers)
        self.clock = clock
    }

    var requests: [OutgoingRequest] { sent.withLock { $0 } }
    var cancelledBodies: Int { bodies.withLock { $0.filter(\.isCancelled).count } }

    func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
        sent.withLock { $0.append(request) }
        let next = answers.withLock { $0.isEmpty ? Answer.failing(.shutdown) : $0.removeFirst() }
        try waitForHead(of: next, request.timeouts)
        if let failure = next.headFailure { throw failure }
        let body = ScriptedBody(next, clock: clock)
        bodies.withLock { $0.append(body) }
        return IncomingResponse(status: next.status, headers: next.headers, body: body)
    }

    private func waitForHead(of answer: Answer, _ limits: OutgoingRequest.Timeouts) throws(HTTPClientError) {
        guard let clock else { return }
        let whole = answer.connection + answer.head
        let phases: [(HTTPClientError.Phase, Duration, Duration)] = [
            (.connect, answer.connection, limits.connect), (.firstByte, whole, limits.firstByte),
            (.total, whole, limits.total),
        ]
        for (phase, needed, limit) in phases where needed > limit {
            clock.advance(by: limit)
            throw HTTPClientError(.timeout(phase), "scripted")
        }
        clock.advance(by: whole)
    }
}

final class ScriptedBody: ResponseBody {
    private struct State {
        var pieces: ArraySlice<[UInt8]>
        var delays: ArraySlice<Duration>
        var failure: HTTPClientError?
        /// When the next thing comes.
        var due: Instant
        var cancelled = false

        mutating func setDue() {
            if let delay = delays.popFirst() { due = due.advanced(by: delay) }
        }
    }

    private let state: Mutex<State>
    private let clock: TestClock?

    init(_ answer: ScriptedClient.Answer, clock: TestClock? = nil) {
        self.clock = clock
        var first = State(
            pieces: answer.pieces[...], delays: answer.delays[...], failure: answer.bodyFailure,
            due: clock?.now() ?? Instant(nanoseconds: 0))
        first.setDue()
        state = Mutex(first)
    }

    var isCancelled: Bool { state.withLock { $0.cancelled } }

    func next() async throws(HTTPClientError) -> [UInt8]? {
        switch try await next(until: Instant(nanoseconds: .max)) {
        case .piece(let piece): piece
        case .end, .later: nil
        }
    }

    func next(until end: Instant) async throws(HTTPClientError) -> BodySupply {
        let due = state.withLock { $0.cancelled ? nil : $0.due }
        if let clock, let due {
            let now = clock.now()
            if min(due, end) > now { clock.advance(by: min(due, end).since(now)) }
            if due > max(now, end) { return .later }
        }
        let step = state.withLock { state -> Result<BodySupply, HTTPClientError> in
            if state.cancelled { return .failure(HTTPClientError(.cancelled, "cancelled")) }
            state.setDue()
            if let piece = state.pieces.popFirst() { return .success(.piece(piece)) }
            if let failure = state.failure { return .failure(failure) }
            return .success(.end)
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
