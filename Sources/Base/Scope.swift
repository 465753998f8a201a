/// Whose work this is. Every store, cache and checkpointer takes a scope without a default, so that no
/// query can forget it.
public struct Scope: Hashable, Sendable {
    public enum Role: String, Hashable, Sendable {
        case viewer, member, admin
    }

    public let tenant: String
    public let user: String
    public let key: String
    public let role: Role

    public init(tenant: String, user: String, key: String, role: Role) {
        self.tenant = tenant
        self.user = user
        self.key = key
        self.role = role
    }

    /// The one scope of a server without keys.
    public static let local = Scope(tenant: "local", user: "local", key: "local", role: .admin)
}
