public import Base
public import HTTP

/// The opening handshake's server side (RFC 6455 §4.2): a request that may become a socket, and what says yes to it.
public struct WebSocketHandshake: Sendable, Equatable {
    /// The first of the client's subprotocols that the server speaks.
    public let subprotocol: String?
    private let accept: String

    /// What tells a client how to ask, with `upgrade_required`.
    public static let invitation: HTTPHeaders = [
        "upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13",
    ]

    /// - Parameter subprotocols: Those that the server speaks. Others are passed over, so that a key which stands among
    ///   them is never said back.
    /// - Throws: `upgrade_required` for what asks for no socket of version 13; `invalid_value` for one that cannot be.
    public init(_ head: RequestHead, subprotocols: Set<String> = []) throws(CodedError) {
        let headers = head.headers
        guard head.method == "GET", head.minorVersion == 1, Self.list("upgrade", headers).contains("websocket"),
            Self.list("connection", headers).contains("upgrade")
        else {
            throw CodedError(
                .upgradeRequired, "This path is a WebSocket: ask with `Upgrade: websocket` and `Connection: upgrade`.")
        }
        guard headers.values(of: "sec-websocket-version") == ["13"] else {
            throw CodedError(.upgradeRequired, "Only version 13 of the WebSocket protocol is spoken here.")
        }
        let keys = headers.values(of: "sec-websocket-key")
        guard keys.count == 1, Self.isKey(keys[0]) else {
            throw CodedError(
                .invalidValue, "Sec-WebSocket-Key must be 16 bytes in Base64, once.", param: "sec-websocket-key")
        }
        guard head.body == .none else {
            throw CodedError(.invalidValue, "A request for a WebSocket has no body.")
        }
        guard let accept = SHA1.base64(of: keys[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11") else {
            throw CodedError(.internalError, "SHA-1 is not to be had, so no WebSocket can be opened.")
        }
        self.accept = accept
        subprotocol = Self.list("sec-websocket-protocol", headers, lowercased: false).first(
            where: subprotocols.contains)
    }

    /// The fields of the answer `101`.
    var headers: HTTPHeaders {
        var headers: HTTPHeaders = ["upgrade": "websocket", "connection": "upgrade", "sec-websocket-accept": accept]
        if let subprotocol { headers.add("sec-websocket-protocol", subprotocol) }
        return headers
    }

    /// The members of a field that is a list, over all its lines.
    private static func list(_ name: String, _ headers: HTTPHeaders, lowercased: Bool = true) -> [String] {
        headers.values(of: name).flatMap { value in
            (lowercased ? value.lowercased() : value).split(separator: ",").map { member in
                let start = member.drop { $0 == " " || $0 == "\t" }
                return String(start.prefix { $0 != " " && $0 != "\t" })
            }
        }
    }

    /// 16 bytes are 22 characters and the filling.
    private static func isKey(_ text: String) -> Bool {
        text.utf8.count == 24 && text.hasSuffix("==")
            && text.utf8.dropLast(2).allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
    }
}
