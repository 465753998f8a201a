internal import Base
public import HTTP
public import Transport

/// A WebSocket: a connection that a request has become. One task receives; any number may send, each waiting for its
/// turn, so that none of them starves another, and while the client takes nothing (back-pressure). Pings are answered,
/// and sent where the client is silent.
public actor WebSocket: LoopBound {
    public enum Message: Sendable, Equatable {
        /// Valid UTF-8.
        case text([UInt8])
        case binary([UInt8])
    }

    public nonisolated let loop: EventLoop
    private let stream: TCPStream
    private let limits: WebSocketLimits
    private let server: HTTPServer
    private var session: WebSocketSession
    private var input: [UInt8]
    private var position = 0
    private var lastHeard: Instant
    private var lastPing: Instant
    /// How the message comes in that is being waited for, and by when more of it must have come.
    private var pace: ArrivalPace?
    private var messageDeadline: Instant?
    /// By when the client must have answered our close.
    private var closeDeadline: Instant?
    private var timer: (id: EventLoop.TimerID, time: Instant)?
    /// How it ended: what the client said, what was wrong with it, or why we closed it.
    public private(set) var ending: WebSocketClose?

    /// - Parameter leftover: What has come behind the request.
    init(stream: TCPStream, leftover: [UInt8], limits: WebSocketLimits, server: HTTPServer) {
        self.stream = stream
        loop = stream.loop
        self.limits = limits
        self.server = server
        session = WebSocketSession(maxMessage: limits.maxMessage)
        input = leftover
        lastHeard = stream.loop.now()
        lastPing = lastHeard
    }

    // MARK: In

    /// The next message; `nil` when the socket is closing or gone, which ``ending`` explains. One caller at a time.
    public func receive() async -> Message? {
        arm()
        while !session.hasEnded {
            while let event = session.next(input, from: &position) {
                if !session.isWithinMessage { pace = nil }
                switch event {
                case .text(let text):
                    await answer()
                    return .text(text)
                case .binary(let bytes):
                    await answer()
                    return .binary(bytes)
                case .ping, .pong: break
                case .closed(let why), .failed(let why): ending = ending ?? why
                }
            }
            await answer()
            guard !session.hasEnded else { break }
            guard let bytes = await more() else { break }
            lastHeard = loop.now()
            (input, position) = (bytes, 0)
        }
        ending = ending ?? .lost
        if let timer { loop.cancel(timer.id) }
        timer = nil
        return nil
    }

    /// What comes next. A message that has begun takes memory, so it has the time of a request's body, whatever else the
    /// client says meanwhile.
    private func more() async -> [UInt8]? {
        guard session.isWithinMessage else { return try? await stream.read() }
        let start = loop.now()
        var pace = self.pace ?? ArrivalPace()
        messageDeadline = pace.deadline(at: start, server.limits, isGathered: true)
        arm()
        defer { messageDeadline = nil }
        guard let bytes = try? await stream.read() else { return nil }
        pace.note(bytes.count, after: loop.now().since(start))
        self.pace = pace
        return bytes
    }

    /// Sends what the session wants sent: pongs, of which there are as many as the client's pings that have come
    /// together, and the close. Reads no further meanwhile.
    private func answer() async {
        let due = session.takeOutput()
        if !due.isEmpty { try? await stream.write(due, stall: limits.writeTimeout) }
    }

    // MARK: Out

    /// Sends messages of valid UTF-8 in their turn, together. Throws when the socket is closing or gone, or the client has
    /// taken nothing for the write timeout.
    public func send(texts: [[UInt8]]) async throws(TransportError) {
        for text in texts { try queue(.text, text) }
        try await stream.write(session.takeOutput(), stall: limits.writeTimeout)
    }

    /// The same for one message of bytes.
    public func send(binary bytes: [UInt8]) async throws(TransportError) {
        try queue(.binary, bytes)
        try await stream.write(session.takeOutput(), stall: limits.writeTimeout)
    }

    private func queue(_ opcode: WebSocketOpcode, _ payload: [UInt8]) throws(TransportError) {
        guard session.send(opcode, payload) else { throw TransportError(.closed, "the socket is closed") }
    }

    /// Says that the socket is to be closed, and why. Nothing can be sent any more; ``receive()`` gives `nil` when the
    /// client has answered, or has not for a while.
    public func close(_ why: WebSocketClose) {
        guard !session.hasClosed else { return }
        session.close(why)
        ending = ending ?? why
        let bytes = session.takeOutput()
        if !stream.writeUnlessBusy(bytes, stall: limits.writeTimeout) {
            // Behind what others are sending.
            Task(name: "close", executorPreference: loop) { [stream, limits] in
                try? await stream.write(bytes, stall: limits.writeTimeout)
            }
        }
        closeDeadline = loop.now().advanced(by: limits.closeTimeout)
        arm()
    }

    // MARK: Time

    /// One timer a socket, re-armed when it fires or for an earlier time.
    private func arm() {
        guard !session.hasEnded else { return }
        let ping = max(lastHeard, lastPing).advanced(by: limits.heartbeat)
        let silence = min(ping, lastHeard.advanced(by: limits.idleTimeout))
        let next = closeDeadline ?? min(silence, messageDeadline ?? silence)
        if let timer {
            guard next < timer.time else { return }
            loop.cancel(timer.id)
        }
        timer = (loop.schedule(at: next) { [weak self] in self?.assumeIsolated { $0.timerFired() } }, next)
    }

    private func timerFired() {
        timer = nil
        let now = loop.now()
        if let closeDeadline {
            if closeDeadline <= now { return stream.stopReading() }
        } else if let messageDeadline, messageDeadline <= now {
            // What came in this very turn was in time; its reader sets the next deadline.
            self.messageDeadline = nil
            if !stream.hasUnread { close(.policy("A message did not arrive in time.")) }
        } else if !stream.isIdle {
            // It is taking what was sent, or is cut off for not taking it.
            lastHeard = now
        } else if lastHeard.advanced(by: limits.idleTimeout) <= now, !stream.hasUnread {
            close(.failure("No answer to pings."))
            return stream.stopReading()
        } else if max(lastHeard, lastPing).advanced(by: limits.heartbeat) <= now {
            lastPing = now
            session.send(.ping, [])
            _ = stream.writeUnlessBusy(session.takeOutput(), stall: limits.writeTimeout)
        }
        arm()
    }
}
