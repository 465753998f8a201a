/// Why a socket operation failed.
public struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The other side, or this one, has closed the connection.
        case closed
        /// Nothing moved for as long as was allowed.
        case timeout
        case addressInUse
        case invalidAddress
        case permissionDenied
        /// Certificate and key cannot be used; the message is whole sentences and says what to do.
        case certificate
        /// Anything else that the system refused.
        case system
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
