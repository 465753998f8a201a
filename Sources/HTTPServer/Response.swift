public import HTTP

/// A whole answer. The connection adds framing, `date` and `connection`.
public struct Response: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: [UInt8] { didSet { kept = nil } }
    /// Where the body is one that is sent again and again.
    private(set) var kept: KeptBody?

    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// With a body that is sent again and again.
    public init(status: Int, headers: HTTPHeaders, kept: KeptBody) {
        self.init(status: status, headers: headers, body: kept.bytes)
        self.kept = kept
    }
}

/// The proof that a request was answered. Only a writer makes it, and each of a writer's ways to answer consumes
/// it, so that a handler answers exactly once or does not compile.
public struct Answered: Sendable {
    public let status: Int
    /// Whether everything that was meant to go out was handed to the kernel.
    public let isComplete: Bool
}
