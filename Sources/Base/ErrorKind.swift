/// What sort of failure it is, for whoever decides what a client sees of it. Each code is of one kind: one table.
public enum ErrorKind: String, Sendable, CaseIterable {
    /// The caller's to mend.
    case validation
    /// Somebody ended it: no failure.
    case cancelled
    /// The experts of a plan could not do their part.
    case expert
    /// The answer of several could not be made to its end.
    case fusion
    /// A guard has refused it.
    case `guard`
    case provider
    case timeout
    /// Ours to mend, or to wait for.
    case system

    /// One sentence for the documentation.
    public var meaning: String {
        switch self {
        case .validation: "The caller can mend it: the message says how."
        case .cancelled: "Somebody ended it. A status, and no failure."
        case .expert: "The experts of a plan could not do their part."
        case .fusion: "Making one answer of several broke off after a part of it was shown."
        case .guard: "A guard has refused it, by the policy of whoever runs the server."
        case .provider: "A provider failed, and nobody else could answer."
        case .timeout: "It took longer than it may."
        case .system: "The server's own fault, or its own bounds."
        }
    }
}

extension ErrorCode {
    public var kind: ErrorKind {
        switch self {
        case .cancelled: .cancelled
        case .guardRefused: .guard
        case .noExpertAnswered, .planLimit: .expert
        case .fusionBroken: .fusion
        case .providerTimeout, .nodeTimeout, .deadlineExceeded, .requestTimeout: .timeout
        default:
            switch fault {
            case .caller: .validation
            case .provider: .provider
            case .us: .system
            }
        }
    }

    /// Whether its message is for whoever runs the server, and tells a caller nothing that it could use: a caller reads
    /// that it was a technical error, and by which id it can be found.
    public var isTechnical: Bool {
        switch self {
        case .internalError, .activationLimit, .endNotReached, .unknownRoute, .checkpointUnreadable, .keysUnusable: true
        default: false
        }
    }
}

extension CodedError {
    /// What the log tells of it besides its code: of a technical error what nobody else is told.
    public var logged: String? { detail ?? (code.isTechnical ? message : nil) }

    /// As its caller may see it. What a technical one really says belongs in the log, under the same id.
    public func shown(requestID: String?) -> CodedError {
        guard code.isTechnical else { return self }
        var shown = self
        let id = requestID.map { " If it stays, ask whoever runs this server, and name the request \($0)." } ?? ""
        shown.message = "A technical error, please try again.\(id)"
        shown.param = nil
        return shown
    }
}
