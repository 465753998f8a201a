public import Base

/// How the end of a request's body is found.
public enum BodyFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
}

/// A request's line and header fields, checked: what is here obeys RFC 9112 and the limits. Immutable, so that handing
/// it on costs one reference count.
public final class RequestHead: Sendable {
    /// A token of at most 32 bytes; upper case is not enforced, methods are case-sensitive.
    public let method: String
    /// The request target as received.
    public let target: String
    /// The target's path, percent-encoded as received, without the query; `/…`, or `*` for `OPTIONS *`.
    public let path: String
    /// What follows the first `?`, percent-encoded as received.
    public let query: String?
    /// The x of HTTP/1.x: 0 or 1.
    public let minorVersion: Int
    public let headers: HTTPHeaders
    /// Whether the client wants to use the connection again.
    public let keepAlive: Bool
    public let body: BodyFraming
    /// The client waits for `100 Continue` before it sends its body.
    public let expectsContinue: Bool
    /// The Host field as received, with its port if it has one; `nil` only for HTTP/1.0. May be empty.
    public let host: String?

    public init(
        method: String,
        target: String,
        path: String,
        query: String? = nil,
        minorVersion: Int = 1,
        headers: HTTPHeaders = HTTPHeaders(),
        keepAlive: Bool = true,
        body: BodyFraming = .none,
        expectsContinue: Bool = false,
        host: String? = nil
    ) {
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.minorVersion = minorVersion
        self.headers = headers
        self.keepAlive = keepAlive
        self.body = body
        self.expectsContinue = expectsContinue
        self.host = host
    }
}

/// What a request may take; all in bytes but the count.
public struct HTTPLimits: Sendable, Equatable {
    /// The request line without its CRLF.
    public var maxRequestLine = 8192
    /// All header fields with their line ends, the empty line included. Trailers have as much again.
    public var maxHeaderBytes = 32768
    public var maxHeaderCount = 100
    public var maxBody = 10 << 20
    /// Chunk extensions of one body altogether: many tiny chunks with extensions are a known way to waste a server.
    public var maxChunkExtension = 1024

    public init(
        maxRequestLine: Int = 8192,
        maxHeaderBytes: Int = 32768,
        maxHeaderCount: Int = 100,
        maxBody: Int = 10 << 20,
        maxChunkExtension: Int = 1024
    ) {
        self.maxRequestLine = max(0, maxRequestLine)
        self.maxHeaderBytes = max(0, maxHeaderBytes)
        self.maxHeaderCount = max(0, maxHeaderCount)
        self.maxBody = max(0, maxBody)
        self.maxChunkExtension = max(0, maxChunkExtension)
    }
}

/// Why a request was refused. The connection cannot be used again: where the next request starts is unknown.
public struct HTTPParseError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: ErrorCode
    public var message: String

    public init(code: ErrorCode, message: String) {
        self.code = code
        self.message = message
    }

    static func invalid(_ message: String) -> HTTPParseError { HTTPParseError(code: .invalidHTTP, message: message) }

    public var coded: CodedError { CodedError(code, message) }
    public var description: String { "\(code.name): \(message)" }
}
