internal import Base
internal import HTTP
internal import HTTPServer
internal import Orchestrator
internal import Transport

/// Shows a run's events as server-sent events for as long as there are any. When the client goes, only the reader goes.
actor RunEventsAnswer: LoopBound {
    nonisolated let loop: EventLoop
    private let reader: RunReader
    private let frames: RunEventFrames
    private var writer: ResponseWriter?
    private var body: BodyWriter?
    private let heartbeat: Duration
    private let refusal: @Sendable (CodedError) -> Response

    init(
        loop: EventLoop, reader: RunReader, runID: String, writer: consuming ResponseWriter, heartbeat: Duration,
        refusal: @escaping @Sendable (CodedError) -> Response
    ) {
        self.loop = loop
        self.reader = reader
        frames = RunEventFrames(runID: runID)
        self.writer = consume writer
        self.heartbeat = heartbeat
        self.refusal = refusal
    }

    /// Begins at once.
    func answer() async -> Answered {
        begin()
        body?.pieces.beat()
        return await write { nil }
    }

    /// Begins with the first event, or after a heartbeat's time without any.
    /// - Parameter failure: Asked once the first event is there: what to answer instead.
    func answer(unless failure: @Sendable () -> CodedError?) async -> Answered {
        let timer = loop.schedule(at: loop.now().advanced(by: heartbeat)) { [weak self] in
            self?.assumeIsolated { $0.beginEarly() }
        }
        let answered = await write(unless: failure)
        loop.cancel(timer)
        return answered
    }

    private func write(unless failure: @Sendable () -> CodedError?) async -> Answered {
        // Whoever is cut off because the server stops still gets what is there: the end of the run, mostly.
        while let events = (try? await reader.next()) ?? reader.ready() {
            if let error = failure(), let writer = writer.take() { return await writer.send(refusal(error)) }
            begin()
            if events.isEmpty { return await end(wholly: true) }
            var output: [UInt8] = []
            for event in events { frames.append(event, to: &output) }
            do { try await body?.pieces.write(output) } catch { break }
        }
        if let writer = writer.take() {
            return await writer.send(refusal(CodedError(.cancelled, "The request was cancelled.")))
        }
        return await end(wholly: false)
    }

    private func end(wholly: Bool) async -> Answered {
        guard let body = body.take() else { preconditionFailure("a stream that has begun has a body") }
        return wholly ? await body.finish() : await body.abandon()
    }

    private func begin() {
        guard let writer = writer.take() else { return }
        let body = writer.begin(
            status: 200,
            headers: [
                "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
                "x-accel-buffering": "no",
            ])
        body.pieces.heartbeat(every: heartbeat, Array(":\n\n".utf8))
        self.body = consume body
    }

    private func beginEarly() {
        begin()
        body?.pieces.beat()
    }
}
