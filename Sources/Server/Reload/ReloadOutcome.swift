/// What came of loading the configuration again.
enum ReloadOutcome: Sendable, Equatable {
    /// It is in force: the paths of the settings that are others now, and what the administrator should know.
    case loaded(changed: [String], notices: [String])
    /// It has faults; the one before stays in force.
    case refused([ConfigurationProblem])
    /// The server is stopping, and keeps the one that it has.
    case stopping
}

/// Who asked for it.
enum ReloadCause: String, Sendable {
    case signal, request
}
