public import Base

/// One side of a WebSocket (RFC 6455), from the end of its handshake to its close, without input and output: bytes in,
/// messages out, and the bytes to send. Strict: what breaks the protocol ends the session with the code that it must.
/// Text is checked as it comes, so that bad text ends it at its first bad byte. Holds one message of at most
/// `maxMessage` bytes, which grows as its bytes come, whatever length was announced. No extensions.
public struct WebSocketSession: Sendable {
    public enum Event: Sendable, Equatable {
        /// A whole message of valid UTF-8.
        case text([UInt8])
        case binary([UInt8])
        /// A ping came; its answer is among the bytes to send.
        case ping
        case pong
        /// The other side closes. The answer to it is among the bytes to send, if it is due.
        case closed(WebSocketClose)
        /// The other side broke the protocol. What to tell it is among the bytes to send, if nothing was sent yet that
        /// closes.
        case failed(WebSocketClose)
    }

    /// Which frames must be masked: those of clients, and no others.
    private let isServer: Bool
    private let maxMessage: Int
    private var masks: SeededGenerator
    private var head: [UInt8] = []
    private var frame: Frame?
    /// The kind of the message that is coming in; `nil` between messages.
    private var kind: WebSocketOpcode?
    private var message: [UInt8] = []
    private var text = IncrementalUTF8()
    private var control: [UInt8] = []
    private var output: [UInt8] = []
    /// Whether a close frame was sent: nothing follows it.
    public private(set) var hasClosed = false
    /// Whether the last event was given: all bytes from here on are dropped.
    public private(set) var hasEnded = false

    /// Whether a message has begun, and its end has not come.
    public var isWithinMessage: Bool { kind != nil }

    private struct Frame {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        var mask: UInt32
        var length: Int
        var received = 0
    }

    /// The server's side.
    public init(maxMessage: Int) {
        isServer = true
        self.maxMessage = maxMessage
        masks = SeededGenerator(seed: 0)
    }

    /// The client's side; each frame is masked with a number of `masks`.
    public init(clientWith masks: SeededGenerator, maxMessage: Int) {
        isServer = false
        self.maxMessage = maxMessage
        self.masks = masks
    }

    // MARK: Out

    /// Queues a message, a ping or a pong; `false`, and nothing done, once the session closes. `payload` of text must be
    /// UTF-8; a ping's or pong's is cut to 125 bytes.
    @discardableResult
    public mutating func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) -> Bool {
        guard !hasClosed else { return false }
        let mask = isServer ? nil : UInt32(truncatingIfNeeded: masks.next())
        let fitting = opcode.isControl ? Array(payload.prefix(WebSocketFrame.maxControl)) : payload
        WebSocketFrame.append(opcode, fitting, mask: mask, to: &output)
        return true
    }

    /// Queues a close frame, the last one, unless there was one. The other side's is still to come.
    public mutating func close(_ why: WebSocketClose) {
        guard !hasClosed else { return }
        send(.close, why.payload)
        hasClosed = true
        // Messages are of no use from here on.
        message = []
    }

    /// The bytes to send that have come together, in order.
    public mutating func takeOutput() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &output)
        return taken
    }

    // MARK: In

    /// Reads from `position` on, up to the next event; `nil` when all bytes are read. To be called again until then.
    /// Adds at most one frame to the bytes to send.
    public mutating func next(_ input: [UInt8], from position: inout Int) -> Event? {
        do throws(WebSocketClose) {
            while !hasEnded {
                if frame == nil {
                    guard try readHead(input, from: &position) else { return nil }
                }
                guard try readPayload(input, from: &position) else { return nil }
                if let event = try endFrame() { return event }
            }
        } catch {
            close(error)
            hasEnded = true
            return .failed(error)
        }
        position = input.count
        return nil
    }

    /// Whether a whole head is there; it is ``frame`` then.
    private mutating func readHead(_ input: [UInt8], from position: inout Int) throws(WebSocketClose) -> Bool {
        while true {
            let size = try headSize()
            if head.count == size { break }
            guard position < input.count else { return false }
            head.append(input[position])
            position += 1
        }
        frame = try parsedHead()
        head.removeAll(keepingCapacity: true)
        return true
    }

    /// How long the head is, as far as that is known; what is wrong with its first two bytes is found here.
    private func headSize() throws(WebSocketClose) -> Int {
        guard head.count >= 2 else { return 2 }
        if head.count == 2 {
            guard head[0] & 0x70 == 0 else { throw .protocolError("A reserved bit is set.") }
            guard let opcode = WebSocketOpcode(rawValue: head[0] & 0x0F) else {
                throw .protocolError("The opcode of a frame is reserved.")
            }
            guard head[1] & 0x80 == (isServer ? 0x80 : 0) else {
                throw .protocolError(isServer ? "A frame is not masked." : "A frame is masked.")
            }
            if opcode.isControl {
                guard head[0] & 0x80 != 0 else { throw .protocolError("A control frame is in fragments.") }
                guard head[1] & 0x7F <= WebSocketFrame.maxControl else {
                    throw .protocolError("A control frame is over 125 bytes.")
                }
            } else if (opcode == .continuation) != (kind != nil) {
                throw .protocolError(
                    kind == nil ? "There is no message to continue." : "A message begins within another one.")
            }
        }
        let more = head[1] & 0x7F
        return 2 + (more == 126 ? 2 : more == 127 ? 8 : 0) + (isServer ? 4 : 0)
    }

    private func parsedHead() throws(WebSocketClose) -> Frame {
        let short = head[1] & 0x7F
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        var length = UInt64(short)
        if extra > 0 {
            length = head[2..<(2 + extra)].reduce(0) { $0 << 8 | UInt64($1) }
            guard length > (extra == 2 ? 125 : 0xFFFF), length >> 63 == 0 else {
                throw .protocolError("The length of a frame is not written as it must be.")
            }
        }
        let opcode = WebSocketOpcode(rawValue: head[0] & 0x0F) ?? .close
        // No sum: a length of 2^63 - 1 is one of the things that are sent here.
        guard opcode.isControl || length <= UInt64(max(0, maxMessage - message.count)) else {
            throw .tooLarge("A message is over \(maxMessage) bytes.")
        }
        let mask = isServer ? head.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } : 0
        return Frame(opcode: opcode, isFinal: head[0] & 0x80 != 0, mask: mask, length: Int(length))
    }

    /// Whether the whole payload is there.
    private mutating func readPayload(_ input: [UInt8], from position: inout Int) throws(WebSocketClose) -> Bool {
        guard var frame else { return false }
        let count = min(frame.length - frame.received, input.count - position)
        let range = position..<(position + count)
        position += count
        if frame.opcode.isControl {
            let start = control.count
            control.append(copying: range, of: input)
            if isServer { control.unmask(from: start, key: frame.mask, phase: frame.received) }
        } else {
            try take(range, of: input, in: frame)
        }
        frame.received += count
        self.frame = frame
        return frame.received == frame.length
    }

    private mutating func take(_ range: Range<Int>, of input: [UInt8], in frame: Frame) throws(WebSocketClose) {
        if kind == nil { kind = frame.opcode }
        guard !hasClosed else { return }
        let start = message.count
        message.reserveCapacity(growingTo: start + range.count)
        message.append(copying: range, of: input)
        if isServer { message.unmask(from: start, key: frame.mask, phase: frame.received) }
        guard kind == .text, !range.isEmpty else { return }
        var text = text
        guard text.take(message.span.extracting(start...)) else {
            throw .invalidText("A text message is not UTF-8.")
        }
        self.text = text
    }

    /// The frame is read to its end.
    private mutating func endFrame() throws(WebSocketClose) -> Event? {
        guard let frame else { return nil }
        self.frame = nil
        guard frame.opcode.isControl else { return frame.isFinal ? try endMessage() : nil }
        var payload: [UInt8] = []
        swap(&payload, &control)
        switch frame.opcode {
        case .ping:
            send(.pong, payload)
            return .ping
        case .pong: return .pong
        default:
            let why = try WebSocketClose(payload: payload)
            // The code alone is said back: the reason is the other side's own.
            close(WebSocketClose(code: why.code))
            hasEnded = true
            return .closed(why)
        }
    }

    private mutating func endMessage() throws(WebSocketClose) -> Event? {
        let kind = kind
        self.kind = nil
        guard !hasClosed else { return nil }
        guard text.isComplete else { throw .invalidText("A text message ends within a character.") }
        var whole: [UInt8] = []
        swap(&whole, &message)
        return kind == .text ? .text(whole) : .binary(whole)
    }
}
