public import Models

/// What was decided for a turn: which models may answer, in order of preference.
public struct Plan: Sendable, Equatable {
    /// The client's name for the model.
    public var model: String
    /// Never empty.
    public var chain: [Target]
    /// Tokens of prompt and answer together, where the configuration of the model's name says so.
    public var window: Int?
}
