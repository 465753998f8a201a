/// Faults that are put into calls on purpose, so that users can rehearse. A plain value; nothing by default.
public struct ChaosSettings: Sendable, Hashable {
    /// The part of the calls that wait before they are made, from 0 to 1, and for how long at most.
    public var latencyRate = 0.0
    public var latency = Duration.seconds(2)
    /// The part that fails as a provider's fault.
    public var errorRate = 0.0
    /// The part of the streams that break off after some events.
    public var cutRate = 0.0
    /// The part of the streams that are silent after some events, and for how long.
    public var stallRate = 0.0
    public var stall = Duration.seconds(30)
    /// The providers whose calls are meant; all of them when empty.
    public var providers: [String] = []

    public init() {}

    /// Whether anything is done at all.
    public var isEnabled: Bool { [latencyRate, errorRate, cutRate, stallRate].contains { $0 > 0 } }
}
