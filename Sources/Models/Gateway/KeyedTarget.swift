/// A target and which of its provider's keys it is asked with: what fails, rests and comes back as one.
public struct KeyedTarget: Sendable, Hashable {
    public var target: Target
    /// The place of the key in the provider's configuration; 0 for the only one, or for none.
    public var key: Int

    public init(_ target: Target, key: Int = 0) {
        self.target = target
        self.key = key
    }
}
