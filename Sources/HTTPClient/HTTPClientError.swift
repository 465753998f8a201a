/// Why a call failed. The message names no header, key or body.
public struct HTTPClientError: Error, Sendable, Equatable {
    public enum Phase: String, Sendable {
        case connect
        case firstByte = "first byte"
        case betweenBytes = "between bytes"
        case total
    }

    public enum Kind: Sendable, Equatable {
        /// Not an http(s) URL.
        case badURL
        /// The name in the URL, or the proxy's, leads to an address that is nobody's to be asked. Nothing was sent.
        case badAddress
        /// No connection: unknown name, refused, no route.
        case unreachable
        /// The certificate or the handshake was refused.
        case tls
        case timeout(Phase)
        /// The connection broke, or the answer is not HTTP or not as long as it said.
        case broken
        case tooLarge
        case cancelled
        /// The client is shutting down.
        case shutdown
    }

    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
