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
    var timer: (id: EventLoop.TimerID, time: Instant)?
    var timedOut = false
    var idle = true
    /// When an idle connection goes to rest.
    var restTime: Instant?
    private var isResting = false
    var draining = false
    /// What this connection has become.
    var socket: WebSocket?
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

    var lastWrite = Instant(nanoseconds: 0)
    var heartbeat: (interval: Duration, bytes: [UInt8])?
    var outgoing = Outgoing.silent
    var pendingHead: [UInt8] = []
    /// Whether the last answer's end was marked, so that another request may follow.
    var reusable = true

    /// How the body that is being written is framed.
    enum Outgoing {
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

    func isServing(_ serial: Int) -> Bool { serving == serial }

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
        stream.onInput { self.assumeIsolated { $0.wakeUp() } }
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
        stream.onHangUp { self.cancel() }
        reusable = true
        bodyFailure = nil
        gathered = []
        pace = nil
        serving = serial
        if loop.isCrowded { await loop.giveWay() }
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
            await loop.giveWay()
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

    /// What has come behind the request, for what takes the connection over: no request is read from it any more.
    func surrender() -> [UInt8] {
        reusable = false
        defer { (input, consumed) = ([], 0) }
        return Array(input[consumed...])
    }

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

    // MARK: Ending

    private func refuse(_ error: CodedError) async {
        let response = server.protocolError(error)
        _ = await send(response, also: HTTPHeaders(), to: nil)
        await lingerAndClose()
    }

    /// Lets the client read the last answer before the connection goes: FIN, then read and drop, both bounded.
    private func lingerAndClose() async {
        guard stream.isOpen else { return }
        stream.shutdownWrites()
        setDeadline(after: .seconds(2))
        var dropped = 0
        while dropped < 16 << 20, let bytes = try? await stream.read() { dropped += bytes.count }
    }

    /// No further request on this connection; an idle one is closed now, unless a request is just coming in.
    func drain() async {
        draining = true
        if let socket { return await socket.close(.goingAway("The server stops.")) }
        if idle, !stream.hasUnread { stream.stopReading() }
    }
}
