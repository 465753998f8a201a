public import Base

/// One key of a caller: whose it is, what it may do, and until when.
public struct CallerKey: Sendable, Equatable {
    /// For people: in logs and listings. Unique.
    public let name: String
    public let hash: KeyHash
    public let tenant: String
    public let user: String
    public let role: Scope.Role
    /// It was taken back. It stays in the list so that the log can say whose it was.
    public let isRevoked: Bool
    /// From then on it is worth nothing.
    public let expires: WallTime?

    public init(
        name: String, hash: KeyHash, tenant: String, user: String, role: Scope.Role, isRevoked: Bool = false,
        expires: WallTime? = nil
    ) {
        self.name = name
        self.hash = hash
        self.tenant = tenant
        self.user = user
        self.role = role
        self.isRevoked = isRevoked
        self.expires = expires
    }

    /// Whose work a request with this key is.
    public var scope: Scope { Scope(tenant: tenant, user: user, key: name, role: role) }
}
