public import Base
public import Resilience

/// How one provider is reached.
public struct ProviderConfiguration: Sendable {
    /// The name in the configuration.
    public var name: String
    /// What the dialect's paths are appended to.
    public var baseURL: String
    /// Those that calls go with, each call with one; empty for a provider that wants none.
    public var keys: [Secret]
    /// For calls that say nothing of theirs.
    public var timeouts = Timeouts()
    /// The most bytes of a whole answer, and of a stream together.
    public var maxAnswerBytes = 64 << 20
    /// Whether streams are asked for their usage; off for servers that refuse `stream_options`.
    public var asksForUsage = true
    public var proxy: String?

    public init(name: String, baseURL: String, key: Secret? = nil) {
        self.name = name
        self.baseURL = baseURL
        keys = key.map { [$0] } ?? []
    }
}
