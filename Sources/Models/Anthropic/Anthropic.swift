/// Anthropic's dialect, its messages API: one file a capability.
public enum Anthropic: Sendable {}
