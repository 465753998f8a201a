import Base
import Testing

@testable import HTTP

/// What holds for every conversation, however it is cut.
@Suite("A WebSocket's conversation")
struct WebSocketPropertyTests {
    /// A conversation without a fault, and what is to be heard of it.
    private struct Conversation {
        var frames: [TestFrame] = []
        var wanted = WebSocketHeard()

        init(_ random: inout SeededGenerator) {
            for _ in 0..<Int.random(in: 1...6, using: &random) { addMessage(&random) }
            guard Bool.random(using: &random) else { return }
            frames.append(.close(1000, "é"))
            wanted.events.append(.closed(.normal("é")))
            wanted.output += sentClose(1000, "")
        }

        private mutating func addMessage(_ random: inout SeededGenerator) {
            let isText = Bool.random(using: &random)
            let size = [0, 1, 7, 8, 9, 30, 125, 126, 300][Int.random(in: 0..<9, using: &random)]
            let scalars: [String] = ["a", "é", "日", "🎼", "\0"]
            var payload: [UInt8] = []
            while payload.count < size {
                if isText {
                    payload += Array(scalars[Int.random(in: 0..<scalars.count, using: &random)].utf8)
                } else {
                    payload.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            var start = 0
            var opcode: UInt8 = isText ? 1 : 2
            repeat {
                let isLast = Int.random(in: 0...3, using: &random) == 0
                let end = isLast ? payload.count : Int.random(in: start...payload.count, using: &random)
                let mask = UInt32(truncatingIfNeeded: random.next())
                frames.append(TestFrame(opcode, Array(payload[start..<end]), isFinal: isLast, mask: mask))
                (start, opcode) = (end, 0)
                if isLast { break }
                addControl(&random)
            } while true
            wanted.events.append(isText ? .text(payload) : .binary(payload))
            addControl(&random)
        }

        private mutating func addControl(_ random: inout SeededGenerator) {
            let payload = (0..<Int.random(in: 0...125, using: &random)).map { UInt8(truncatingIfNeeded: $0) }
            switch Int.random(in: 0...3, using: &random) {
            case 0:
                frames.append(.ping(payload))
                wanted.events.append(.ping)
                wanted.output += sent(10, payload)
            case 1:
                frames.append(.pong(payload))
                wanted.events.append(.pong)
            default: break
            }
        }
    }

    private func cuts(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        var cuts: [Int] = []
        var at = 0
        let most = [1, 3, 20, 5000][Int.random(in: 0..<4, using: &random)]
        while true {
            at += Int.random(in: 1...most, using: &random)
            guard at < count else { return cuts }
            cuts.append(at)
        }
    }

    @Test("is heard as it was said, however it is cut", arguments: [UInt64(1), 2, 3, 4])
    func said(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let conversation = Conversation(&random)
            let bytes = conversation.frames.flatMap(\.bytes)
            for _ in 0..<3 {
                #expect(heard(bytes, cutAt: cuts(bytes.count, &random)) == conversation.wanted)
            }
        }
    }

    @Test("means the same for every single cut")
    func everyCut() {
        let frames: [TestFrame] = [
            .text("日", isFinal: false), .ping([1, 2]), .more("本", isFinal: true),
            TestFrame(2, [UInt8](repeating: 9, count: 130)),
            .close(1001, "é"),
        ]
        let bytes = frames.flatMap(\.bytes)
        let whole = heard(bytes)
        #expect(whole.events.count == 4)
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 7) {
                #expect(heard(bytes, cutAt: [first, second]) == whole)
            }
        }
    }

    @Test("with flipped bits and of bytes by chance means the same however it is cut, and traps nowhere")
    func broken() {
        var random = SeededGenerator(seed: 7)
        var codes: Set<UInt16> = []
        for round in 0..<1500 {
            var bytes: [UInt8]
            if round % 3 == 0 {
                bytes = (0..<Int.random(in: 1...80, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            } else {
                bytes = Conversation(&random).frames.flatMap(\.bytes)
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
                        1 << UInt8.random(in: 0...7, using: &random)
                }
            }
            let whole = heard(bytes, limit: 200)
            #expect(heard(bytes, cutAt: cuts(bytes.count, &random), limit: 200) == whole)
            if let code = whole.failure { codes.insert(code) }
        }
        #expect(codes == [1002, 1007, 1009])
    }
}
