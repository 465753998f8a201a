import Base
import Testing

@testable import HTTP

/// Messages, pings, reserved bits, opcodes and fragments: what RFC 6455 §5 says of each, in tables.
@Suite("A WebSocket's frames")
struct WebSocketFrameTests {
    private static let sizes = [0, 1, 125, 126, 127, 128, 65535, 65536]

    // MARK: 1 Messages

    @Test("carry text and bytes of every size, whole and cut into pieces", arguments: sizes, [997, 1, 2])
    func messages(size: Int, piece: Int) {
        guard size < 1000 || piece == 997 else { return }
        let payload = (0..<size).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        for (opcode, event) in [(UInt8(1), WebSocketSession.Event.text(payload)), (2, .binary(payload))] {
            let bytes = TestFrame(opcode, payload).bytes
            let cuts = Array(stride(from: piece, to: bytes.count, by: piece))
            #expect(heard(bytes, cutAt: cuts) == WebSocketHeard(events: [event]))
        }
    }

    @Test("go out with the shortest length, unmasked", arguments: sizes)
    func output(size: Int) {
        let payload = [UInt8](repeating: 7, count: size)
        var session = WebSocketSession(maxMessage: 10)
        session.send(.binary, payload)
        let output = session.takeOutput()
        #expect(output == sent(2, payload))
        let nothing = session.takeOutput()
        #expect(nothing.isEmpty)
    }

    @Test("of a client's are masked, and read by a server as they were sent", arguments: sizes)
    func client(size: Int) {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var client = WebSocketSession(clientWith: SeededGenerator(seed: UInt64(size)), maxMessage: 1 << 20)
        client.send(.binary, payload)
        client.send(.ping, [1, 2, 3])
        client.close(.normal("done"))
        let server = heard(client.takeOutput())
        #expect(server.events == [.binary(payload), .ping, .closed(.normal("done"))])
        #expect(heard(server.output, session: client).events == [.pong, .closed(WebSocketClose(code: 1000))])
    }

    @Test("must be masked by clients, and must not by servers")
    func masks() {
        #expect(heard([TestFrame(1, [65], mask: nil)]).failure == 1002)
        #expect(heard([TestFrame(9, [], mask: nil)]).failure == 1002)
        let client = WebSocketSession(clientWith: SeededGenerator(seed: 1), maxMessage: 10)
        #expect(heard(TestFrame(1, [65]).bytes, session: client).failure == 1002)
        #expect(heard(TestFrame(1, [65], mask: nil).bytes, session: client).events == [.text([65])])
    }

    @Test("have their length in the shortest form, without the highest bit")
    func lengths() {
        let wrong: [(Int, UInt64)] = [
            (16, 0), (16, 125), (64, 0), (64, 126), (64, 65535), (64, 1 << 63), (64, .max),
        ]
        for (bits, length) in wrong {
            let frame = TestFrame(2, [], lengthBits: bits, claimed: length)
            #expect(heard([frame]).failure == 1002, "\(length) in \(bits) bits")
        }
        #expect(heard([TestFrame(2, [], claimed: 1 << 63 - 1)]).failure == 1009)
    }

    // MARK: 2 Pings and pongs

    @Test("of pings are answered with their own payload", arguments: [0, 1, 4, 125])
    func pings(size: Int) {
        let payload = [UInt8](repeating: 0xFE, count: size)
        #expect(heard([.ping(payload)]) == WebSocketHeard(events: [.ping], output: sent(10, payload)))
    }

    @Test("of pings may be ten, and each is answered in turn")
    func tenPings() {
        let heard = heard((0..<10).map { .ping([$0]) })
        #expect(heard.events == Array(repeating: .ping, count: 10))
        #expect(heard.output == (0..<10).flatMap { sent(10, [$0]) })
    }

    @Test("of pongs that nobody asked for are taken without a word")
    func pongs() {
        #expect(
            heard([.pong(), .pong([1, 2]), .ping([3])])
                == WebSocketHeard(events: [.pong, .pong, .ping], output: sent(10, [3])))
    }

    @Test("of control are at most 125 bytes, in one piece", arguments: [UInt8(8), 9, 10])
    func controls(opcode: UInt8) {
        #expect(heard([TestFrame(opcode, [UInt8](repeating: 0, count: 126))]).failure == 1002)
        #expect(heard([TestFrame(opcode, [1], lengthBits: 16)]).failure == 1002)
        #expect(heard([TestFrame(opcode, [], isFinal: false)]).failure == 1002)
        #expect(heard([TestFrame(opcode, [3, 232], isFinal: false), .more("", isFinal: true)]).failure == 1002)
    }

    // MARK: 3 Reserved bits, 4 opcodes

    @Test("have no reserved bits, whatever comes before", arguments: 1...7)
    func reservedBits(bits: Int) {
        for opcode in [UInt8(1), 2, 8, 9, 10] {
            let frame = TestFrame(opcode, [], reserved: UInt8(bits))
            #expect(heard([.text("first"), frame, .ping()]).events == [.text(Array("first".utf8)), .failed(reserved)])
        }
        #expect(heard([.text("a", isFinal: false), TestFrame(0, [], reserved: UInt8(bits))]).failure == 1002)
    }

    private let reserved = WebSocketClose.protocolError("A reserved bit is set.")

    @Test("have an opcode of the protocol", arguments: [UInt8(3), 4, 5, 6, 7, 11, 12, 13, 14, 15])
    func opcodes(opcode: UInt8) {
        for payload in [[], [UInt8(65)]] {
            let heard = heard([.text("first"), TestFrame(opcode, payload), .ping()])
            #expect(heard.failure == 1002)
            #expect(heard.events.count == 2)
            #expect(heard.output == sentClose(1002, "The opcode of a frame is reserved."))
        }
    }

    // MARK: 5 Fragments

    @Test("in fragments are one message, with control frames between")
    func fragments() {
        let text = WebSocketSession.Event.text(Array("onetwothree".utf8))
        #expect(heard([.text("one", isFinal: false), .more("two"), .more("three", isFinal: true)]).events == [text])
        #expect(
            heard([
                .text("one", isFinal: false), .ping([1]), .more("two"), .pong(), .ping([2]),
                .more("three", isFinal: true),
            ]) == WebSocketHeard(events: [.ping, .pong, .ping, text], output: sent(10, [1]) + sent(10, [2])))
        #expect(heard([.text("", isFinal: false), .more(""), .more("", isFinal: true)]).events == [.text([])])
        #expect(
            heard([TestFrame(2, [0xFF], isFinal: false), .more([0xFE], isFinal: true), .text("a")]).events
                == [.binary([0xFF, 0xFE]), .text([97])])
    }

    @Test("of a message follow each other, and nothing is continued that has not begun")
    func order() {
        #expect(heard([.more("a", isFinal: true)]).failure == 1002)
        #expect(heard([.more("a"), .text("b")]).failure == 1002)
        #expect(heard([.text("a"), .more("b", isFinal: true)]).failure == 1002)
        #expect(heard([.text("a", isFinal: false), .text("b")]).failure == 1002)
        #expect(heard([.text("a", isFinal: false), TestFrame(2, [])]).failure == 1002)
        #expect(heard([.text("a", isFinal: false), .more("b", isFinal: true), .more("c")]).failure == 1002)
        // What comes behind is not looked at.
        #expect(heard([.more("a", isFinal: true), .text("b"), .ping()]).events.count == 1)
    }

    // MARK: 9, 10 Sizes

    @Test("may be as many as their message allows, in fragments of any size", arguments: [1, 64, 1000, 65536])
    func fragmentSizes(size: Int) {
        let payload = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 7 & 0x7F) }
        var frames: [TestFrame] = []
        for start in stride(from: 0, to: payload.count, by: size) {
            let end = min(start + size, payload.count)
            frames.append(
                TestFrame(
                    start == 0 ? 1 : 0, Array(payload[start..<end]), isFinal: end == payload.count,
                    mask: UInt32(truncatingIfNeeded: start &* 2_654_435_761)))
        }
        #expect(heard(frames).events == [.text(payload)])
    }

    @Test("over the limit of a message end with 1009, as soon as that is said")
    func limit() {
        let limit = 1000
        let fitting = [UInt8](repeating: 1, count: limit)
        #expect(heard([TestFrame(2, fitting)], limit: limit).events == [.binary(fitting)])
        let tooLong = TestFrame(2, fitting + [1]).bytes.prefix(8)
        #expect(heard(Array(tooLong), limit: limit).failure == 1009)
        let inParts = [TestFrame(2, fitting, isFinal: false), .more([1], isFinal: true)]
        #expect(heard(inParts, limit: limit).failure == 1009)
        #expect(heard([inParts[0], .more([]), .ping(), .more([], isFinal: true)], limit: limit).events.count == 2)
        #expect(heard([.text("a")], limit: 0).failure == 1009)
        #expect(heard([TestFrame(2, fitting), TestFrame(2, fitting)], limit: limit).events.count == 2)
    }
}
