public import HTTP

/// A whole answer. The connection adds framing, `date` and `connection`.
public struct Response: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: [UInt8]

    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The proof that a request was answered. Only a writer makes it, and each of a writer's ways to answer consumes
/// it, so that a handler answers exactly once or does not compile.
public struct Answered: Sendable {
    public let status: Int
    /// Whether everything that was meant to go out was handed to the kernel.
    public let isComplete: Bool
}
