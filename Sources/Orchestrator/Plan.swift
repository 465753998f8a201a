public import Models

/// What was decided for a turn: which models may answer, in order of preference.
public struct Plan: Sendable, Equatable {
    /// The client's name for the model.
    public var model: String
    /// Its chain is never empty.
    public var route: Route
}
