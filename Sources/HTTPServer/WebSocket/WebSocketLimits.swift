/// What one socket may take, and for how long.
public struct WebSocketLimits: Sendable, Equatable {
    /// The most bytes of one message, over all its fragments.
    public var maxMessage = 1 << 20
    /// A client that was silent for so long is sent a ping, and again after as long.
    public var heartbeat: Duration = .seconds(15)
    /// A client that was silent for so long, pings and all, is gone.
    public var idleTimeout: Duration = .seconds(75)
    /// How long a client may take to answer a close.
    public var closeTimeout: Duration = .seconds(2)
    /// How long a client may take nothing of what is sent before it is cut off.
    public var writeTimeout: Duration = .seconds(60)

    public init() {}
}
