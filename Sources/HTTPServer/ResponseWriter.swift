internal import Base
public import HTTP
internal import Transport

/// Answers one request, once: whole by ``send(_:)`` or piece by piece by ``begin(status:headers:)``.
public struct ResponseWriter: ~Copyable, Sendable {
    let connection: Connection
    let head: RequestHead?
    /// Added to whatever is answered.
    public var headers = HTTPHeaders()

    init(connection: Connection, head: RequestHead?) {
        self.connection = connection
        self.head = head
    }

    /// Sends a whole response and waits until the kernel has it.
    public consuming func send(_ response: Response) async -> Answered {
        if response.isCompressible(connection.server.limits) {
            // Also to a client that gets the plain bytes: a cache between must not give them to another one.
            headers.add("vary", "accept-encoding")
            if head?.headers.acceptsGzip == true { return await deliver(await response.compressed()) }
        }
        return await deliver(response)
    }

    private consuming func deliver(_ response: Response) async -> Answered {
        let complete =
            switch connection.sendWithoutWaiting(response, also: headers, to: head) {
            case .done(let wentOut): wentOut
            case .rest(let rest): await connection.send(rest: rest)
            case nil: await connection.send(response, also: headers, to: head)
            }
        return Answered(status: response.status, isComplete: complete)
    }

    /// Begins a body of unknown length. The head leaves with the first piece or heartbeat. One of `more` that may not
    /// go onto the wire is left out. On the connection's loop only, where every handler runs.
    public consuming func begin(status: Int, headers more: HTTPHeaders) -> BodyWriter {
        var all = HTTPHeaders()
        for (name, value) in more where HTTPHeaders.isValidName(name) && HTTPHeaders.isValidValue(value) {
            all.add(name, value)
        }
        for (name, value) in headers { all.set(name, value) }
        connection.assumeIsolated { [head] in $0.begin(status: status, headers: all, to: head) }
        return BodyWriter(pieces: BodyPieces(connection: connection), status: status)
    }
}

/// The one right to end a body that has begun.
public struct BodyWriter: ~Copyable, Sendable {
    public let pieces: BodyPieces
    public let status: Int

    init(pieces: BodyPieces, status: Int) {
        self.pieces = pieces
        self.status = status
    }

    /// Ends the body properly.
    public consuming func finish() async -> Answered {
        Answered(status: status, isComplete: await pieces.connection.finishBody())
    }

    /// Ends without the proper end, so that the client does not take what it got for the whole.
    public consuming func abandon() async -> Answered {
        await pieces.connection.abandonBody()
        return Answered(status: status, isComplete: false)
    }
}

/// Writes a body piece by piece, waiting while the client takes nothing (back-pressure).
public struct BodyPieces: Sendable {
    let connection: Connection

    /// Sends one piece; one at a time. Throws when the client is gone, or has taken nothing for the server's write
    /// timeout. What is handed over with `consume` is not held while the client takes it.
    public func write(_ bytes: consuming [UInt8]) async throws { try await connection.write(piece: bytes) }

    /// Whether the client has taken all that was written. On the connection's loop only.
    public var isIdle: Bool { connection.stream.isIdle }

    /// Sends one piece without waiting; `false`, and nothing sent, unless ``isIdle``. What ``write(_:)`` does mostly,
    /// without its suspension. On the connection's loop only.
    public func writeUnlessBusy(_ bytes: [UInt8]) -> Bool {
        connection.assumeIsolated { $0.writeUnlessBusy(piece: bytes) }
    }

    /// Sends `bytes` whenever nothing was sent for `interval`, from now until the body ends.
    /// On the connection's loop only.
    public func heartbeat(every interval: Duration, _ bytes: [UInt8]) {
        connection.assumeIsolated { $0.beginHeartbeat(every: interval, bytes) }
    }

    /// Sends a heartbeat now, unless a piece is on its way.
    public func beat() { connection.assumeIsolated { $0.beat() } }
}
