public import HTTP

/// What one connection may take, and for how long.
public struct ServerLimits: Sendable, Equatable {
    /// Sizes of line, headers and chunk extensions. Body sizes are the handler's to limit.
    public var http = HTTPLimits(maxBody: .max)
    /// From a request's first byte to the end of its head.
    public var headTimeout: Duration = .seconds(10)
    /// Between requests on a connection that is kept alive, and before the first one.
    public var idleTimeout: Duration = .seconds(75)
    /// Between two pieces of a body.
    public var bodyTimeout: Duration = .seconds(30)
    /// How long a client may take nothing of what is sent before it is cut off.
    public var writeTimeout: Duration = .seconds(60)
    /// Open connections, over all loops; more are closed at once.
    public var maxConnections = 16_384
    /// How much of an unread body is read and dropped to keep a connection usable.
    public var maxDrain = 256 * 1024

    public init() {}
}
