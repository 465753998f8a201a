/// OpenAI's newer dialect, its responses API: one file a capability.
public enum Responses: Sendable {}
