import Base

@testable import HTTP

extension FuzzTarget {
    static let webSocket = FuzzTarget(name: "web-socket", maxInput: 4096) { WebSocketCheck.finding(in: $0) }
}

/// A socket means the same however it is cut, and what a plain second reader makes of it. The first byte chooses the
/// limit of a message.
enum WebSocketCheck {
    struct Transcript: Equatable {
        var events: [WebSocketSession.Event] = []
        var output: [UInt8] = []
    }

    static func finding(in input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let limit = first & 1 == 0 ? 100 : 1 << 20
        let bytes = Array(input.dropFirst())
        let whole = transcript(bytes, limit) { .max }
        if transcript(bytes, limit, piece: { 1 }) != whole { return "cut into bytes it differs" }
        var sizes = PieceSizes(of: bytes, upTo: 24)
        if transcript(bytes, limit, piece: { sizes.next() }) != whole { return "cut at random it differs" }
        let plain = PlainWebSocket.read(bytes, limit: limit)
        let codes = whole.events.compactMap { event -> WebSocketSession.Event? in
            // The words are the session's own.
            if case .failed(let why) = event { return .failed(WebSocketClose(code: why.code)) }
            return event
        }
        if codes != plain { return "a plain reader hears \(plain), the session \(codes)" }
        return nil
    }

    private static func transcript(_ input: [UInt8], _ limit: Int, piece: () -> Int) -> Transcript {
        var session = WebSocketSession(maxMessage: limit)
        var heard = Transcript()
        var start = 0
        while start < input.count {
            let end = start + min(max(1, piece()), input.count - start)
            let bytes = Array(input[start..<end])
            var position = 0
            while let event = session.next(bytes, from: &position) { heard.events.append(event) }
            start = end
        }
        heard.output = session.takeOutput()
        return heard
    }
}

/// The rules of RFC 6455 for what clients send, over all bytes at once and without a thought of speed.
enum PlainWebSocket {
    static func read(_ input: [UInt8], limit: Int) -> [WebSocketSession.Event] {
        var events: [WebSocketSession.Event] = []
        var rest = input[...]
        var message: (isText: Bool, bytes: [UInt8])?
        func failed(_ code: UInt16) -> [WebSocketSession.Event] { events + [.failed(WebSocketClose(code: code))] }
        while let first = rest.first, rest.count > 1 {
            let second = rest[rest.startIndex + 1]
            let opcode = first & 15
            let isFinal = first >= 128
            guard first & 0x70 == 0, [0, 1, 2, 8, 9, 10].contains(opcode), second >= 128 else { return failed(1002) }
            if opcode >= 8, !isFinal || second & 127 > 125 { return failed(1002) }
            if opcode == 0, message == nil { return failed(1002) }
            if [1, 2].contains(opcode), message != nil { return failed(1002) }
            let more = [126: 2, 127: 8][Int(second & 127)] ?? 0
            guard rest.count >= 2 + more + 4 else { return events }
            rest = rest.dropFirst(2)
            var length = UInt64(second & 127)
            if more > 0 { length = rest.prefix(more).reduce(0) { $0 * 256 + UInt64($1) } }
            if more == 2 && length < 126 || more == 8 && (length < 65536 || length >= 1 << 63) { return failed(1002) }
            if opcode < 8, length > limit - (message?.bytes.count ?? 0) { return failed(1009) }
            rest = rest.dropFirst(more)
            let key = Array(rest.prefix(4))
            rest = rest.dropFirst(4)
            let payload = rest.prefix(Int(length)).enumerated().map { $1 ^ key[$0 % 4] }
            let isWhole = payload.count == length
            rest = rest.dropFirst(payload.count)
            if opcode < 8 {
                let before = message ?? (opcode == 1, [])
                message = (before.isText, before.bytes + payload)
                if before.isText, !isBeginning(before.bytes + payload) { return failed(1007) }
            }
            guard isWhole else { return events }
            switch opcode {
            case 8: return events + [closed(payload)]
            case 9: events.append(.ping)
            case 10: events.append(.pong)
            default:
                guard isFinal, let whole = message else { continue }
                message = nil
                if whole.isText, String(validating: whole.bytes, as: UTF8.self) == nil { return failed(1007) }
                events.append(whole.isText ? .text(whole.bytes) : .binary(whole.bytes))
            }
        }
        return events
    }

    private static func closed(_ payload: [UInt8]) -> WebSocketSession.Event {
        if payload.isEmpty { return .closed(.noCode) }
        if payload.count == 1 { return .failed(WebSocketClose(code: 1002)) }
        let code = UInt16(payload[0]) * 256 + UInt16(payload[1])
        let allowed =
            (1000...1014).contains(code) && ![1004, 1005, 1006].contains(code) || (3000...4999).contains(code)
        guard allowed else { return .failed(WebSocketClose(code: 1002)) }
        guard let reason = String(validating: payload.dropFirst(2), as: UTF8.self) else {
            return .failed(WebSocketClose(code: 1007))
        }
        return .closed(WebSocketClose(code: code, reason))
    }

    /// Whether some text begins so: as it is, or with a character's missing bytes, each of which is tried.
    private static func isBeginning(_ bytes: [UInt8]) -> Bool {
        if String(validating: bytes, as: UTF8.self) != nil { return true }
        let ends: [[UInt8]] = [
            [0x80], [0xA0], [0x90], [0x80, 0x80], [0xA0, 0x80], [0x90, 0x80], [0x90, 0x80, 0x80], [0x80, 0x80, 0x80],
        ]
        return ends.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
    }
}
