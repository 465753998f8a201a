internal import Base

/// What a frame is for (RFC 6455 §5.2). The other numbers are reserved, and refused.
public enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue >= 0x8 }
}

/// The frames that go out: never in fragments, with the shortest length that there is.
public enum WebSocketFrame {
    /// The most bytes of a control frame's payload.
    public static let maxControl = 125

    /// Appends one whole frame. With `mask`, as clients must, its payload is masked; servers must not.
    static func append(_ opcode: WebSocketOpcode, _ payload: [UInt8], mask: UInt32? = nil, to output: inout [UInt8]) {
        output.reserveCapacity(growingTo: output.count + payload.count + 14)
        output.append(0x80 | opcode.rawValue)
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ...125: output.append(masked | UInt8(truncatingIfNeeded: payload.count))
        case ...0xFFFF:
            output.append(masked | 126)
            append(payload.count, bytes: 2, to: &output)
        default:
            output.append(masked | 127)
            append(payload.count, bytes: 8, to: &output)
        }
        guard let mask else { return output.append(copying: 0..<payload.count, of: payload) }
        append(Int(mask), bytes: 4, to: &output)
        let start = output.count
        output.append(copying: 0..<payload.count, of: payload)
        output.unmask(from: start, key: mask, phase: 0)
    }

    /// In network order.
    private static func append(_ value: Int, bytes: Int, to output: inout [UInt8]) {
        for place in (0..<bytes).reversed() { output.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
    }
}
