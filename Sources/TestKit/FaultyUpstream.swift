internal import Dispatch
internal import Synchronization
internal import Transport

/// A server that does wrong on purpose: for each connection a script of raw bytes and rude ends.
public final class FaultyUpstream: Sendable {
    public indirect enum Step: Sendable {
        /// Reads a whole request (its body by Content-Length) and reports it.
        case request
        case send(String)
        case sendBytes([UInt8])
        /// The text in pieces of `size` bytes, each after `pause`.
        case dribble(String, size: Int, pause: Duration)
        /// The same bytes again and again, up to `limit` in all; says `blocked` when the peer takes no more.
        case flood([UInt8], limit: Int)
        /// The steps again and again until the peer closes.
        case forever([Step])
        /// Waits until the peer closes.
        case hold
        /// Goes on when the test calls ``release()``.
        case gate
        case close
        case reset
    }

    public enum Event: Sendable, Equatable {
        case accepted(connection: Int)
        case request(connection: Int, String)
        /// The peer closed, after so many bytes were sent to it.
        case peerClosed(connection: Int, sent: Int)
        /// The peer has taken nothing for a quarter of a second.
        case blocked(connection: Int, sent: Int)
        /// The script came to its end.
        case done(connection: Int, sent: Int)
    }

    public let port: UInt16
    public let log = EventLog<Event>()
    private let listener: BlockingSocket
    private let scripts: [[Step]]
    private let gate = DispatchSemaphore(value: 0)
    private let open = Mutex<[BlockingSocket]>([])

    /// The n-th connection gets the n-th script; further ones get the last one.
    public init(_ scripts: [Step]..., sendBuffer: Int32? = nil) throws {
        self.scripts = scripts
        (listener, port) = try BlockingSocket.listen(sendBuffer: sendBuffer)
        Thread.start(name: "faulty-upstream") { [weak self, listener] in
            var count = 0
            while let socket = listener.accept() {
                guard let self else { return }
                self.serve(socket, connection: count)
                count += 1
            }
        }
    }

    deinit { stop() }

    public var url: String { "http://127.0.0.1:\(port)/v1/call" }

    /// Opens every gate, now and later.
    public func release() { gate.signal() }

    /// Ends the listener and all connections.
    public func stop() {
        listener.close()
        for socket in open.withLock({ $0 }) { socket.close() }
    }

    public var connections: Int {
        log.events.count { if case .accepted = $0 { true } else { false } }
    }

    public var requests: [String] {
        log.events.compactMap { if case .request(_, let text) = $0 { text } else { nil } }
    }

    /// Waits until the client has closed that connection; gives the bytes that it was sent.
    @discardableResult
    public func peerClosed(_ connection: Int = 0) async throws -> Int {
        let event = try await log.first { if case .peerClosed(connection, _) = $0 { true } else { false } }
        guard case .peerClosed(_, let sent) = event else { return 0 }
        return sent
    }

    /// Waits until the client has taken nothing for a while; gives the bytes that the kernel took from us till then.
    @discardableResult
    public func blocked(_ connection: Int = 0) async throws -> Int {
        let event = try await log.first { if case .blocked(connection, _) = $0 { true } else { false } }
        guard case .blocked(_, let sent) = event else { return 0 }
        return sent
    }

    /// Waits until a request is there.
    @discardableResult
    public func requestArrived(_ connection: Int = 0) async throws -> String {
        let event = try await log.first { if case .request(connection, _) = $0 { true } else { false } }
        guard case .request(_, let text) = event else { return "" }
        return text
    }

    private func serve(_ socket: BlockingSocket, connection: Int) {
        open.withLock { $0.append(socket) }
        log.append(.accepted(connection: connection))
        let script = scripts.isEmpty ? [] : scripts[min(connection, scripts.count - 1)]
        Thread.start(name: "faulty-\(connection)") { [log, gate] in
            var player = ScriptPlayer(socket: socket, connection: connection, log: log, gate: gate)
            player.play(script)
        }
    }
}
