import Base

@testable import HTTP

/// One frame as a test wants it, well formed or not.
struct TestFrame: Sendable, Equatable {
    var opcode: UInt8
    var payload: [UInt8]
    var isFinal = true
    var reserved: UInt8 = 0
    var mask: UInt32? = 0x1234_5678
    /// The field of the length that is used, 7, 16 or 64 bits; the shortest where it is nil.
    var lengthBits: Int?
    /// What the length claims to be, where that is not the truth.
    var claimed: UInt64?

    init(
        _ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0,
        mask: UInt32? = 0x1234_5678, lengthBits: Int? = nil, claimed: UInt64? = nil
    ) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
        self.reserved = reserved
        self.mask = mask
        self.lengthBits = lengthBits
        self.claimed = claimed
    }

    static func text(_ text: String, isFinal: Bool = true) -> TestFrame {
        TestFrame(1, Array(text.utf8), isFinal: isFinal)
    }
    static func more(_ payload: [UInt8], isFinal: Bool = false) -> TestFrame { TestFrame(0, payload, isFinal: isFinal) }
    static func more(_ text: String, isFinal: Bool = false) -> TestFrame { more(Array(text.utf8), isFinal: isFinal) }
    static func ping(_ payload: [UInt8] = []) -> TestFrame { TestFrame(9, payload) }
    static func pong(_ payload: [UInt8] = []) -> TestFrame { TestFrame(10, payload) }
    static func close(_ code: UInt16, _ reason: String = "") -> TestFrame {
        TestFrame(8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }

    /// Written byte by byte, with none of the code under test.
    var bytes: [UInt8] {
        let length = claimed ?? UInt64(payload.count)
        let bits = lengthBits ?? (length < 126 ? 7 : length < 65536 ? 16 : 64)
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch bits {
        case 7: bytes.append(masked | UInt8(length))
        case 16: bytes += [masked | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: bytes += [masked | 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(56 - 8 * $0)) }
        }
        guard let mask else { return bytes + payload }
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> UInt32(24 - 8 * $0)) }
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }
}

/// What a session made of its input.
struct WebSocketHeard: Equatable {
    var events: [WebSocketSession.Event] = []
    var output: [UInt8] = []

    /// The code that it ended with, by either side.
    var failure: UInt16? {
        guard case .failed(let why) = events.last else { return nil }
        return why.code
    }
}

/// Feeds a session piece by piece.
func heard(
    _ input: [UInt8], cutAt cuts: [Int] = [], limit: Int = 1 << 20,
    session: WebSocketSession? = nil
) -> WebSocketHeard {
    var session = session ?? WebSocketSession(maxMessage: limit)
    var heard = WebSocketHeard()
    var start = 0
    for end in cuts + [input.count] {
        let piece = Array(input[start..<end])
        var position = 0
        while let event = session.next(piece, from: &position) { heard.events.append(event) }
        start = end
    }
    heard.output = session.takeOutput()
    return heard
}

func heard(_ frames: [TestFrame], limit: Int = 1 << 20) -> WebSocketHeard {
    heard(frames.flatMap(\.bytes), limit: limit)
}

/// An unmasked frame, as servers send them.
func sent(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] { TestFrame(opcode, payload, mask: nil).bytes }

func sentClose(_ code: UInt16, _ reason: String) -> [UInt8] {
    sent(8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
}
