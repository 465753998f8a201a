internal import Base

/// Why a socket is closed: a code of RFC 6455 §7.4 and, for people, a few words.
public struct WebSocketClose: Error, Sendable, Equatable {
    public var code: UInt16
    public var reason: String

    public init(code: UInt16, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// All was well.
    public static func normal(_ reason: String = "") -> Self { Self(code: 1000, reason) }
    /// The server stops, or the page is left.
    public static func goingAway(_ reason: String) -> Self { Self(code: 1001, reason) }
    /// A frame that the protocol does not allow.
    public static func protocolError(_ reason: String) -> Self { Self(code: 1002, reason) }
    /// A kind of message that is not taken here.
    public static func unsupported(_ reason: String) -> Self { Self(code: 1003, reason) }
    /// No code came with it. Never sent.
    public static let noCode = Self(code: 1005)
    /// The connection ended without a word. Never sent.
    public static let lost = Self(code: 1006)
    /// Text that is not UTF-8.
    public static func invalidText(_ reason: String) -> Self { Self(code: 1007, reason) }
    /// Against the rules of the house.
    public static func policy(_ reason: String) -> Self { Self(code: 1008, reason) }
    public static func tooLarge(_ reason: String) -> Self { Self(code: 1009, reason) }
    /// A fault of ours.
    public static func failure(_ reason: String) -> Self { Self(code: 1011, reason) }

    /// Whether a code may go over the wire: those that are registered and no mere marks, and those for libraries and
    /// applications.
    public static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// What stands in a close frame; nothing where the code may not be sent. The reason is cut to what fits, between
    /// two characters.
    var payload: [UInt8] {
        guard Self.isSendable(code) else { return [] }
        var payload = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
        for character in reason.unicodeScalars {
            let bytes = UTF8.encode(character) ?? UTF8.encodedReplacementCharacter
            guard payload.count + bytes.count <= WebSocketFrame.maxControl else { break }
            payload += bytes
        }
        return payload
    }

    /// What a close frame says.
    /// - Throws: what to answer to one that is not well formed.
    init(payload: [UInt8]) throws(WebSocketClose) {
        guard !payload.isEmpty else {
            self = .noCode
            return
        }
        guard payload.count > 1 else { throw .protocolError("A close frame has half a code.") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        guard Self.isSendable(code) else { throw .protocolError("A close frame has a code that may not be sent.") }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else {
            throw .invalidText("The reason of a close frame is not UTF-8.")
        }
        self.init(code: code, reason)
    }
}
