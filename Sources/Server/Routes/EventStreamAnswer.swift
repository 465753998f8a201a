internal import Base
internal import Graph
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator
internal import Transport

/// Turns a turn's signals into the bytes of one kind of event stream. A pure state machine; appends what the client
/// is to see, which may be nothing.
protocol EventStreamFormat: Sendable {
    mutating func signal(_ signal: ChatSignal, into output: inout [UInt8])
    mutating func finish(_ answer: ChatAnswer, into output: inout [UInt8])
    mutating func fail(_ error: CodedError, into output: inout [UInt8])
    /// Whether the answer begins with this signal. Failures before it get a status of their own, later ones an event.
    func opens(with signal: ChatSignal) -> Bool
    /// Headers that are known by then.
    var headers: HTTPHeaders { get }
    /// Whether it can say that text of the answer which was shown is not the answer.
    static var takesBack: Bool { get }
}

/// Writes an event stream as a turn comes about. A client that has waited for a heartbeat's time before there was
/// anything to say gets the head and a heartbeat.
///
/// Not generic over its format: the executor of a generic actor is looked up by its type's metadata at every step.
actor EventStreamAnswer: LoopBound, ChatSink {
    nonisolated let loop: EventLoop
    nonisolated let takesBack: Bool
    private var format: any EventStreamFormat
    private var writer: ResponseWriter?
    private var body: BodyWriter?
    /// What was said before the stream began. A few events at most.
    private var pending: [UInt8] = []
    private let heartbeat: Duration
    private let refusal: @Sendable (CodedError) -> Response

    init(
        loop: EventLoop, format: any EventStreamFormat, writer: consuming ResponseWriter, heartbeat: Duration,
        refusal: @escaping @Sendable (CodedError) -> Response
    ) {
        self.loop = loop
        takesBack = type(of: format).takesBack
        self.format = format
        self.writer = consume writer
        self.heartbeat = heartbeat
        self.refusal = refusal
    }

    /// Runs `turn` with this as its sink and answers with what it says. The turn's place is given up before the end is
    /// written: whoever has read that may use the id again, and finds nothing to cancel.
    func answer(
        of turns: Turns, leaving ticket: consuming RunTicket,
        _ turn: (any ChatSink) async throws(CodedError) -> Shared<ChatAnswer>
    ) async -> RouteOutcome {
        let timer = loop.schedule(at: loop.now().advanced(by: heartbeat)) { [weak self] in
            self?.assumeIsolated { $0.beginEarly() }
        }
        var output: [UInt8] = []
        var failure: CodedError?
        do throws(CodedError) {
            let answer = try await turn(self)
            turns.leave(ticket)
            loop.cancel(timer)
            begin()
            format.finish(answer.value, into: &output)
        } catch {
            turns.leave(ticket)
            loop.cancel(timer)
            failure = error
            if let writer = writer.take() {
                return RouteOutcome(await writer.send(refusal(error)), error: error)
            }
            format.fail(error, into: &output)
        }
        guard let body = body.take() else { preconditionFailure("a stream that has begun has a body") }
        let sent: Void? = try? await body.pieces.write(pending + output)
        let answered = sent == nil ? await body.abandon() : await body.finish()
        return RouteOutcome(answered, error: failure)
    }

    nonisolated func offer(_ signal: ChatSignal) -> EventIntake {
        guard loop.isCurrent else { return .full }
        return assumeIsolated { $0.take(signal) }
    }

    /// Mostly the client has taken what came before; where it has not, the run waits in `receive`.
    private func take(_ signal: ChatSignal) -> EventIntake {
        if let pieces = body?.pieces, !pieces.isIdle { return .full }
        hear(signal)
        guard !pending.isEmpty, let pieces = body?.pieces else { return .taken }
        defer { pending.removeAll(keepingCapacity: true) }
        return pieces.writeUnlessBusy(pending) ? .taken : .closed
    }

    func receive(_ signal: ChatSignal) async throws(CancellationError) {
        hear(signal)
        guard !pending.isEmpty, let pieces = body?.pieces else { return }
        var output: [UInt8] = []
        swap(&output, &pending)
        do { try await pieces.write(consume output) } catch { throw CancellationError() }
    }

    private func hear(_ signal: ChatSignal) {
        format.signal(signal, into: &pending)
        guard format.opens(with: signal) else { return }
        // A head that went out early could not say how the answer is marked: a comment does.
        if body != nil { pending += AnswerMarks.comments(of: format.headers) }
        begin()
    }

    @inline(never)
    private func begin() {
        guard let writer = writer.take() else { return }
        var headers = format.headers
        headers.set("content-type", "text/event-stream; charset=utf-8")
        headers.set("cache-control", "no-cache")
        headers.set("x-accel-buffering", "no")
        let body = writer.begin(status: 200, headers: headers)
        body.pieces.heartbeat(every: heartbeat, Array(":\n\n".utf8))
        self.body = consume body
    }

    private func beginEarly() {
        begin()
        body?.pieces.beat()
    }
}
