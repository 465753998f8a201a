internal import Base
internal import HTTP
internal import Synchronization
internal import Transport

/// One client's connection: a loop over its requests, on the event loop that accepted it. It runs in one task; when
/// the client hangs up while a request is handled, that task is cancelled and with it whatever works for it.
actor Connection: LoopBound {
    nonisolated let stream: TCPStream
    nonisolated let loop: EventLoop
    private nonisolated let task = Mutex<Task<Void, Never>?>(nil)
    let server: HTTPServer
    nonisolated let peer: PeerAddress

    private var parser: RequestParser
    var input: [UInt8] = []
    private var consumed = 0
    var head: RequestHead?
    var bodyEnded = true
    /// The last time at which the current wait may end; one lazy timer looks at it.
    var deadline: Instant?
    private var timer: (id: EventLoop.TimerID, time: Instant)?
    var timedOut = false
    private var idle = true
    /// When an idle connection goes to rest.
    private var restTime: Instant?
    private var isResting = false
    private var draining = false
    var continueDue = false
    /// Why the body of this request cannot be had; whoever asks again hears the same.
    var bodyFailure: CodedError?
    /// The part of the body that has come.
    var gathered: [UInt8] = []
    /// How the body comes in, while it is waited for.
    var pace: ArrivalPace?
    /// What this request's body has taken of the memory for all bodies, and as whose.
    var borrowed = 0
    var borrower: IPAddress?
    /// Requests served since the connection last waited for anything.
    private var burst = 0
    private var serial = 0
    /// The request that a handler is at work on.
    private var serving: Int?

    private var lastWrite = Instant(nanoseconds: 0)
    private var heartbeat: (interval: Duration, bytes: [UInt8])?
    private var outgoing = Outgoing.silent
    private var pendingHead: [UInt8] = []
    /// Whether the last answer's end was marked, so that another request may follow.
    private var reusable = true

    /// How the body that is being written is framed.
    private enum Outgoing {
        case silent, chunked, untilClose
    }

    init(stream: TCPStream, peer: PeerAddress, server: HTTPServer) {
        self.stream = stream
        loop = stream.loop
        self.server = server
        self.peer = peer
        parser = RequestParser(limits: server.limits.http)
    }

    nonisolated func attach(_ task: Task<Void, Never>) { self.task.withLock { $0 = task } }

    /// Cancels the work for one request; nothing when another one is being served by now. From wherever.
    nonisolated func cancel(request serial: Int) {
        let end: @Sendable () -> Void = { self.assumeIsolated { if $0.serving == serial { $0.cancel() } } }
        if loop.isCurrent { end() } else { loop.execute(end) }
    }

    nonisolated func cancel() { task.withLock { $0 }?.cancel() }

    /// Answers requests; whether the connection has come to its end. Otherwise it rests, without a task: a task keeps
    /// the most memory that its frames ever took, which is no small thing ten thousand times.
    func run() async -> Bool {
        while await serveOne() {}
        if isResting {
            rest()
            return false
        }
        if let timer { loop.cancel(timer.id) }
        stream.close()
        task.withLock { $0 = nil }
        return true
    }

    private func rest() {
        task.withLock { $0 = nil }
        head = nil
        if !hasInput { (input, consumed) = ([], 0) }
        server.resting.wrappingAdd(1, ordering: .relaxed)
        stream.onInput { [weak self] in self?.assumeIsolated { $0.wakeUp() } }
    }

    /// Something has come, or the connection's time is over, which its reader will see.
    private func wakeUp() {
        isResting = false
        server.resting.wrappingSubtract(1, ordering: .relaxed)
        server.serve(self)
    }

    /// Reads and answers one request; whether another one may follow now.
    private func serveOne() async -> Bool {
        let request: Request
        do {
            guard let head = try await readHead() else { return false }
            serial += 1
            request = Request(head: head, received: loop.now(), connection: self, serial: serial)
        } catch {
            await refuse(error)
            return false
        }
        stream.onHangUp { [weak self] in self?.cancel() }
        reusable = true
        bodyFailure = nil
        gathered = []
        pace = nil
        serving = serial
        let answered = await server.handler(request, ResponseWriter(connection: self, head: request.head))
        serving = nil
        stream.onHangUp(nil)
        returnBorrowed()
        guard answered.isComplete, reusable, stream.isOpen, !Task.isCancelled else {
            if answered.isComplete { await lingerAndClose() }
            return false
        }
        guard request.head.keepAlive, !draining else {
            await lingerAndClose()
            return false
        }
        guard await drainBody() else {
            await lingerAndClose()
            return false
        }
        // A client that sends its requests all at once must not keep the loop for itself.
        burst = hasInput ? burst + 1 : 0
        if burst >= server.limits.maxBurst {
            burst = 0
            await Task.yield()
        }
        return true
    }

    // MARK: Reading

    private func readHead() async throws(CodedError) -> RequestHead? {
        var begun = false
        while true {
            while hasInput {
                let event = try step()
                if case .head(let head) = event {
                    deadline = nil
                    self.head = head
                    bodyEnded = head.body == .none
                    continueDue = head.expectsContinue && !bodyEnded
                    return head
                }
                if case .needMore = event { break }
            }
            idle = !parser.isWithinMessage
            if idle {
                guard !draining else { return nil }
                beginIdle()
            } else if !begun {
                begun = true
                setDeadline(after: server.limits.headTimeout)
            }
            let bytes = try? await stream.read()
            restTime = nil
            guard let bytes else {
                guard timedOut, !idle else { return nil }
                throw CodedError(.requestTimeout, "The request did not arrive in time.")
            }
            guard !bytes.isEmpty else {
                isResting = true
                return nil
            }
            idle = false
            feed(bytes)
        }
    }

    private func beginIdle() {
        let now = loop.now()
        restTime = now.advanced(by: server.limits.restAfter)
        setDeadline(at: now.advanced(by: server.limits.idleTimeout))
    }

    var hasInput: Bool { consumed < input.count }

    func feed(_ bytes: [UInt8]) {
        if hasInput {
            input.removeFirst(consumed)
            input += bytes
        } else {
            input = bytes
        }
        consumed = 0
    }

    func step() throws(CodedError) -> RequestParser.Event {
        do throws(HTTPParseError) {
            let (event, count) = try parser.next(input.span.extracting(consumed...))
            if case .body(let range) = event {
                defer { consumed += count }
                return .body((range.lowerBound + consumed)..<(range.upperBound + consumed))
            }
            consumed += count
            if case .end = event { bodyEnded = true }
            return event
        } catch {
            throw error.coded
        }
    }

    // MARK: Writing

    private func refuse(_ error: CodedError) async {
        let response = server.protocolError(error)
        _ = await send(response, also: HTTPHeaders(), to: nil)
        await lingerAndClose()
    }

    private func reuse(_ head: RequestHead?) -> ResponseHeadWriter.Connection? {
        guard head?.keepAlive == true, canFindNextRequest, !draining, !Task.isCancelled else { return .close }
        return head?.minorVersion == 0 ? .keepAlive : nil
    }

    /// Whether the rest of the body is worth reading to its end.
    private var canFindNextRequest: Bool {
        if bodyEnded { return true }
        if continueDue || timedOut || bodyFailure?.code == .invalidHTTP { return false }
        if case .length(let length) = head?.body { return length <= server.limits.maxDrain }
        return true
    }

    /// Sends a whole response; whether it went out.
    func send(_ response: Response, also more: HTTPHeaders, to head: RequestHead?) async -> Bool {
        switch sendAtOnce(response, also: more, to: head) {
        case .done(let wentOut): return wentOut
        case .rest(let rest): return await send(rest: rest)
        }
    }

    func send(rest: [UInt8]) async -> Bool {
        (try? await stream.write(rest, stall: server.limits.writeTimeout)) != nil
    }

    enum Sending: Sendable {
        case done(Bool)
        /// What the kernel has not taken.
        case rest([UInt8])
    }

    /// The same on the loop; elsewhere `nil`, and nothing sent.
    nonisolated func sendWithoutWaiting(
        _ response: Response, also more: HTTPHeaders, to head: RequestHead?
    ) -> Sending? {
        loop.isCurrent ? assumeIsolated { $0.sendAtOnce(response, also: more, to: head) } : nil
    }

    /// Composes a whole response and sends what the kernel takes of it, mostly all. Fields of `more` take the place of
    /// the response's own.
    func sendAtOnce(_ response: Response, also more: HTTPHeaders, to head: RequestHead?) -> Sending {
        var output: [UInt8] = []
        output.reserveCapacity(response.body.count + 512)
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        let framing = hasBody ? ResponseFraming.length(response.body.count) : .none
        let connection = reuse(head)
        // Who is told that the connection ends is not waited for with the rest of a body that is too long to be read.
        if connection == .close { reusable = false }
        do throws(HeaderRefused) {
            try ResponseHeadWriter.append(
                status: response.status, headers: response.headers, also: more, date: server.date(), framing: framing,
                connection: connection, to: &output)
        } catch {
            // A header that must not go onto the wire is a fault of ours: close, and say nothing of its value.
            let plain = server.protocolError(CodedError(.internalError, "The server made an answer it may not send."))
            guard response.status != plain.status || !more.isEmpty else { return .done(false) }
            _ = sendAtOnce(plain, also: HTTPHeaders(), to: nil)
            return .done(false)
        }
        if hasBody, head?.method != "HEAD" { output += response.body }
        guard let count = stream.writeAtOnce(output) else { return .done(false) }
        // With TLS a part may wait although all counts as written: then the rest is an empty one to wait for.
        return count == output.count && (!stream.isSecure || stream.isIdle)
            ? .done(true) : .rest(Array(output[count...]))
    }

    func begin(status: Int, headers: HTTPHeaders, to head: RequestHead?) {
        let chunked = head?.minorVersion == 1
        var output: [UInt8] = []
        let complete: Void? = try? ResponseHeadWriter.append(
            status: status, headers: headers, date: server.date(), framing: chunked ? .chunked : .untilClose,
            connection: chunked ? reuse(head) : .close, to: &output)
        guard complete != nil else { return stream.close() }
        outgoing = head?.method == "HEAD" ? .silent : chunked ? .chunked : .untilClose
        reusable = chunked
        pendingHead = output
        lastWrite = loop.now()
    }

    func write(piece: [UInt8]) async throws {
        guard !piece.isEmpty, outgoing != .silent else { return }
        lastWrite = loop.now()
        try await stream.write(framed(piece), stall: server.limits.writeTimeout)
    }

    func writeUnlessBusy(piece: [UInt8]) -> Bool {
        guard stream.isIdle else { return false }
        guard !piece.isEmpty, outgoing != .silent else { return true }
        lastWrite = loop.now()
        return stream.writeUnlessBusy(framed(piece), stall: server.limits.writeTimeout)
    }

    /// A piece as it goes out, behind the head if that is still due.
    private func framed(_ piece: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        swap(&output, &pendingHead)
        output.reserveCapacity(output.count + piece.count + 16)
        if outgoing == .chunked { ChunkWriter.append(piece, to: &output) } else { output += piece }
        return output
    }

    func finishBody() async -> Bool {
        heartbeat = nil
        var end: [UInt8] = []
        swap(&end, &pendingHead)
        if outgoing == .chunked { ChunkWriter.appendEnd(to: &end) }
        outgoing = .silent
        // An empty write waits for what is queued: where the connection's end is the body's, nothing may be cut off.
        guard !end.isEmpty || !stream.isIdle else { return stream.isOpen }
        return (try? await stream.write(end, stall: server.limits.writeTimeout)) != nil
    }

    func abandonBody() {
        // Where the connection's end is the body's end, only a reset says that there is more.
        if outgoing == .untilClose { stream.reset() }
        heartbeat = nil
        outgoing = .silent
        reusable = false
    }

    func beginHeartbeat(every interval: Duration, _ bytes: [UInt8]) {
        heartbeat = (interval, bytes)
        armTimer()
    }

    /// Lets the client read the last answer before the connection goes: FIN, then read and drop, both bounded.
    private func lingerAndClose() async {
        guard stream.isOpen else { return }
        stream.shutdownWrites()
        setDeadline(after: .seconds(2))
        var dropped = 0
        while dropped < 16 << 20, let bytes = try? await stream.read() { dropped += bytes.count }
    }

    // MARK: Time

    func setDeadline(after duration: Duration) { setDeadline(at: loop.now().advanced(by: duration)) }

    func setDeadline(at time: Instant) {
        deadline = time
        armTimer()
    }

    /// One timer a connection, re-armed when it fires or for an earlier time: setting a later deadline is a store.
    private func armTimer() {
        var next = deadline
        if let restTime { next = min(restTime, next ?? restTime) }
        if let heartbeat, outgoing != .silent {
            let beat = lastWrite.advanced(by: heartbeat.interval)
            next = min(beat, next ?? beat)
        }
        guard let next else { return }
        if let timer {
            guard next < timer.time else { return }
            loop.cancel(timer.id)
        }
        timer = (loop.schedule(at: next) { [weak self] in self?.assumeIsolated { $0.timerFired() } }, next)
    }

    private func timerFired() {
        timer = nil
        let now = loop.now()
        if let deadline, deadline <= now {
            // What came in this very turn was in time; its reader sets the next deadline.
            if idle, stream.hasUnread { return }
            timedOut = true
            stream.stopReading()
            return
        }
        if let restTime, restTime <= now {
            self.restTime = nil
            stream.interruptReader()
        }
        if let heartbeat, lastWrite.advanced(by: heartbeat.interval) <= now { beat() }
        armTimer()
    }

    func beat() {
        guard let heartbeat, outgoing != .silent else { return }
        lastWrite = loop.now()
        let head = pendingHead
        if !stream.writeIfIdle(framed(heartbeat.bytes), stall: server.limits.writeTimeout) { pendingHead = head }
    }

    // MARK: Stopping

    /// No further request on this connection; an idle one is closed now, unless a request is just coming in.
    func drain() {
        draining = true
        if idle, !stream.hasUnread { stream.stopReading() }
    }
}
