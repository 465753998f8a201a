public import Base
public import HTTP

/// What one connection may take, and for how long; and what all of them together.
public struct ServerLimits: Sendable, Equatable {
    /// Sizes of line, headers and chunk extensions. Body sizes are the handler's to limit.
    public var http = HTTPLimits(maxBody: .max)
    /// From a request's first byte to the end of its head.
    public var headTimeout: Duration = .seconds(10)
    /// Between requests on a connection that is kept alive, and before the first one.
    public var idleTimeout: Duration = .seconds(75)
    /// After so long without a request a connection gives back what its task has taken, and waits without one.
    public var restAfter: Duration = .milliseconds(50)
    /// Between two pieces of a body.
    public var bodyTimeout: Duration = .seconds(30)
    /// For a whole body that is gathered, from the moment at which somebody waits for it.
    public var bodyTotal: Duration = .seconds(300)
    /// The bytes of a body that must come in a second, on average; 0 for no such limit.
    public var minRate = 500
    /// How long a body may be slower than that at first.
    public var rateGrace: Duration = .seconds(10)
    /// How long a client may take nothing of what is sent before it is cut off.
    public var writeTimeout: Duration = .seconds(60)
    /// The bytes of what waits for a client that it must take in a second, on average; 0 for no such limit. While
    /// nothing waits, no time counts.
    public var minWriteRate = 500
    /// How far a client may be behind that. The kernel asks for more in steps of some KB: at the least rate that is half
    /// a minute's worth.
    public var writeRateGrace: Duration = .seconds(30)
    /// Open connections, over all loops; more are closed at once.
    public var maxConnections = 16_384
    /// Open connections of one client (an IPv4 address, or 64 bits of IPv6) that is no trusted proxy; more are closed
    /// at once. 0 for no such limit.
    public var maxConnectionsPerAddress = 0
    /// Proxies whose word on the client's address is believed.
    public var trustedProxies: [AddressBlock] = []
    /// Bytes of all bodies that are being gathered or worked on; a request over it is refused. 0 for no such limit.
    public var maxBodyMemory = 256 << 20
    /// Bytes of those that one client may have (an IPv4 address, or 64 bits of IPv6, not of loopback). 0 for no such
    /// limit.
    public var maxBodyMemoryPerClient = 64 << 20
    /// How much of an unread body is read and dropped to keep a connection usable.
    public var maxDrain = 256 * 1024
    /// Requests that one connection may have served without a pause, when they came all at once; then others have their
    /// turn.
    public var maxBurst = 32
    /// JSON answers from this size on are compressed for clients that want it; 0 for none.
    public var gzipFrom = 0

    public init() {}
}
