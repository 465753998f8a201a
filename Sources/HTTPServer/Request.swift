public import Base
public import HTTP
public import Transport

/// A request as a handler gets it: the head, and the body on demand.
public struct Request: Sendable {
    public let head: RequestHead
    /// When its head was there.
    public let received: Instant
    let connection: Connection
    /// Which of the connection's requests this is.
    let serial: Int

    /// The loop that this request lives on; everything that is done for it should stay there.
    public var loop: EventLoop { connection.loop }

    /// The whole body. Throws `request_too_large` past `limit` bytes, before reading where the length is announced;
    /// `unsupported_media_type` where it is compressed; `request_timeout` when it does not come, or too slowly;
    /// `overloaded` when the bodies of all requests, or of one client, take too much memory; `invalid_http` when its
    /// framing is wrong. A second call gives an empty body, or throws what the first one threw.
    /// - Parameter client: Whose body it is, where that is known better than by the connection.
    public func body(limit: Int, of client: IPAddress? = nil) async throws(CodedError) -> [UInt8] {
        if head.headers.contains("content-encoding") { try checkCoding() }
        let client = client ?? peer.address
        switch connection.bodyWithoutWaiting(limit: limit, of: client) {
        case .whole(let body): return body
        case .failed(let error): throw error
        case .incomplete: return try await connection.collectBody(limit: limit, of: client)
        }
    }

    /// The next part of the body as it comes, for handlers that answer while they read; `nil` at its end. Use this or
    /// ``body(limit:)``, not both. There is no bound on the whole: whoever reads keeps no more than it needs.
    /// Throws as ``body(limit:)`` does, but for the sizes.
    public func nextPiece() async throws(CodedError) -> [UInt8]? {
        if head.headers.contains("content-encoding") { try checkCoding() }
        return try await connection.nextPiece()
    }

    /// Ends the wait of ``nextPiece()``: it throws `cancelled`, now and from now on. The answer can still be given whole.
    /// From wherever.
    public func stopPieces() { connection.stopPieces(request: serial) }

    /// A body is taken as it is: what unpacks to a thousand times its size would have to be bounded twice.
    private func checkCoding() throws(CodedError) {
        guard head.headers.values(of: "content-encoding").allSatisfy({ $0.lowercased() == "identity" }) else {
            throw CodedError(
                .unsupportedMediaType, "Compressed bodies are not taken. Send the body without `content-encoding`.")
        }
    }

    /// The other end of the connection; a proxy, perhaps.
    public var peer: PeerAddress { connection.peer }

    /// Cancels the work for this request, from wherever. The handler can still answer; the connection then closes.
    public func cancel() { connection.cancel(request: serial) }
}
