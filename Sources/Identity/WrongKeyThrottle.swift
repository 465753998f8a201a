public import Base

/// Says how many wrong keys are answered as such, of one network and of all together; the rest is to be refused. It is
/// never asked about a right key, so that nobody can lock out those who share a network with them. Pure.
///
/// Each limit is a leaky bucket, kept as the time at which it will be empty. The table of networks is bounded: the one
/// that was silent for longest makes room, and who comes from many networks meets the limit of all.
public struct WrongKeyThrottle: Sendable {
    /// So many at once, then one more each `interval`.
    public struct Limit: Sendable, Equatable {
        public let burst: Int
        public let interval: Duration

        /// Both at least as small as can be, at most a million and a day.
        public init(burst: Int, every interval: Duration) {
            self.burst = min(max(1, burst), 1_000_000)
            self.interval = min(max(.nanoseconds(1), interval), .seconds(86_400))
        }
    }

    public struct Settings: Sendable, Equatable {
        public var network = Limit(burst: 10, every: .seconds(6))
        public var all = Limit(burst: 1000, every: .milliseconds(10))
        /// How many networks are remembered.
        public var networks = 4096

        public init() {}
    }

    private struct Bucket: Sendable {
        var empty = Instant(nanoseconds: 0)

        /// Takes one more in; how long to wait where it is full.
        mutating func take(_ limit: Limit, _ now: Instant) -> Duration? {
            let start = max(empty, now)
            let wait = start.since(now) - limit.interval * (limit.burst - 1)
            guard wait <= .zero else { return wait }
            empty = start.advanced(by: limit.interval)
            return nil
        }
    }

    private let settings: Settings
    private var all = Bucket()
    private var networks: RecentTable<IPAddress?, Bucket>

    public init(_ settings: Settings = Settings()) {
        self.settings = settings
        networks = RecentTable(limit: settings.networks)
    }

    /// The networks that are remembered.
    public var count: Int { networks.count }

    /// Counts a wrong key: `nil` where it is answered as one, else how long its network should wait. Whose address is
    /// not known are one network. O(1).
    public mutating func wait(for client: IPAddress?, now: Instant) -> Duration? {
        let network = client?.subscriber
        var bucket = networks.value(of: network) ?? Bucket()
        let own = bucket.take(settings.network, now)
        networks.put(network, bucket)
        // What its own limit refuses does not count for all.
        return own ?? all.take(settings.all, now)
    }
}
