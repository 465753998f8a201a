public import Base
public import HTTP

/// One call to a server outside. Its URL comes from configuration, never from a request.
public struct OutgoingRequest: Sendable {
    /// How long each phase of a call may take; `zero` or negative means at once.
    public struct Timeouts: Sendable, Equatable {
        /// Name look-up, TCP and TLS together.
        public var connect: Duration = .seconds(5)
        /// From the start of the call, name look-up and connection included, to the end of the answer's head.
        public var firstByte: Duration = .seconds(30)
        /// Between two pieces of the body, while the reader is waiting in ``ResponseBody/next()``.
        public var betweenBytes: Duration = .seconds(30)
        /// The whole call, from start to the last byte.
        public var total: Duration = .seconds(300)

        public init() {}

        public init(connect: Duration, firstByte: Duration, betweenBytes: Duration, total: Duration) {
            self.connect = connect
            self.firstByte = firstByte
            self.betweenBytes = betweenBytes
            self.total = total
        }
    }

    public var method: String
    /// `http` or `https` only; anything else fails with ``HTTPClientError/Kind/badURL``.
    public var url: String
    public var headers: HTTPHeaders
    public var body: [UInt8]
    public var timeouts: Timeouts
    /// The most bytes of body that are accepted, counted after decompression.
    public var maxBodyBytes: Int
    /// A proxy from the configuration; environment variables are not looked at.
    public var proxy: String?
    /// Ends the call and its answer's body while their task goes on; what waits then throws
    /// ``HTTPClientError/Kind/cancelled``.
    public var token: CancellationToken?

    public init(
        method: String = "POST",
        url: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        timeouts: Timeouts = Timeouts(),
        maxBodyBytes: Int = 64 << 20,
        proxy: String? = nil,
        token: CancellationToken? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.maxBodyBytes = maxBodyBytes
        self.proxy = proxy
        self.token = token
    }
}

/// Who sends calls: the client itself, or a scripted one in a test.
public protocol HTTPCalling: Sendable {
    /// Returns when the head of the answer is there. Cancelling the task, or the request's token, ends the transfer at
    /// once.
    func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse
}

/// The head of an answer, and its body as it arrives.
public struct IncomingResponse: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: any ResponseBody

    public init(status: Int, headers: HTTPHeaders, body: any ResponseBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The body of an answer. One reader; what it does not take yet stays with the sender (back-pressure).
public protocol ResponseBody: AnyObject, Sendable {
    /// What is there without waiting. Worth asking before ``next()``, whose suspensions cost more than most pieces.
    func ready() throws(HTTPClientError) -> BodySupply
    /// The next piece, or `nil` at a proper end. A cut connection or a wrong length throws.
    func next() async throws(HTTPClientError) -> [UInt8]?
    /// The same with a limit of the reader's own in place of the request's: ``BodySupply/later`` when nothing has come
    /// by the instant, on the system's monotonic clock. The transfer goes on, and can be waited for again. What is
    /// there is given whatever the time.
    func next(until end: Instant) async throws(HTTPClientError) -> BodySupply
    /// Ends the transfer at once; `next` then throws. Dropping the last reference does the same.
    func cancel()
    /// Says that the reader has all it wants. What is left of a proper answer is let come for a moment and dropped, so
    /// that the connection can be used again; then as ``cancel()``.
    func finish()
}

/// What a body has at hand.
public enum BodySupply: Sendable, Equatable {
    case piece([UInt8])
    /// The proper end.
    case end
    /// Nothing yet, or not to be known from here: ``ResponseBody/next()`` waits for it.
    case later
}

extension ResponseBody {
    public func ready() throws(HTTPClientError) -> BodySupply { .later }

    /// For bodies that never keep their reader waiting.
    public func next(until end: Instant) async throws(HTTPClientError) -> BodySupply {
        try await next().map { .piece($0) } ?? .end
    }

    public func finish() { cancel() }

    /// The whole body; throws ``HTTPClientError/Kind/tooLarge`` past `limit` bytes, and a timeout of the total time
    /// when it has not ended by `end`. Without an end the request's own limits hold.
    public func collect(limit: Int, until end: Instant? = nil) async throws(HTTPClientError) -> [UInt8] {
        var whole: [UInt8] = []
        while whole.count <= limit {
            var supply = try ready()
            if case .later = supply {
                if let end {
                    supply = try await next(until: end)
                } else {
                    supply = try await next().map { .piece($0) } ?? .end
                }
            }
            switch supply {
            case .piece(let piece): if whole.isEmpty { whole = piece } else { whole += piece }
            case .end: return whole
            case .later:
                cancel()
                throw HTTPClientError(.timeout(.total), "the answer did not end in time")
            }
        }
        cancel()
        throw HTTPClientError(.tooLarge, "the answer is longer than \(limit) bytes")
    }
}
