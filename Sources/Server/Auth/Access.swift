internal import Base

/// Who may use a route. Every route says it; there is no default.
enum Access: Sendable, Equatable {
    /// Also who has no key. `docs/api.md` lists these routes.
    case anyone
    /// Whose key has this role or one above it.
    case role(Scope.Role)
}

extension Scope.Role {
    /// A viewer sees how things stand, a member asks models besides, an admin runs the server.
    static let ascending: [Scope.Role] = [.viewer, .member, .admin]

    func includes(_ needed: Scope.Role) -> Bool { rank >= needed.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .member: 1
        case .admin: 2
        }
    }
}

extension Scope {
    /// Of a request whose key nobody asked for: such a route works for nobody in particular. No key can have it, since
    /// names are never empty.
    static let nobody = Scope(tenant: "", user: "", key: "", role: .viewer)
}
