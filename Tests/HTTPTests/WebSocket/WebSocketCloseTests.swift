import Base
import Testing

@testable import HTTP

@Suite("A WebSocket's close")
struct WebSocketCloseTests {
    @Test("is answered with its code, and nothing behind it is looked at")
    func answered() {
        let heard = heard([.text("a"), .close(1000, "bye"), .text("b"), .ping(), TestFrame(3)])
        #expect(heard.events == [.text([97]), .closed(.normal("bye"))])
        #expect(heard.output == sentClose(1000, ""))
    }

    @Test("without a code is answered without one")
    func withoutCode() {
        #expect(heard([TestFrame(8)]) == WebSocketHeard(events: [.closed(.noCode)], output: sent(8, [])))
    }

    @Test("within a message is a close, and the message is none")
    func withinMessage() {
        #expect(
            heard([.text("a", isFinal: false), .close(1001), .more("b", isFinal: true)]).events == [
                .closed(WebSocketClose(code: 1001))
            ])
    }

    @Test(
        "has a code that may be sent",
        arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
    func validCodes(code: Int) {
        let heard = heard([.close(UInt16(code), "why")])
        #expect(heard.events == [.closed(WebSocketClose(code: UInt16(code), "why"))])
        #expect(heard.output == sentClose(UInt16(code), ""))
    }

    @Test(
        "with any other code ends with 1002",
        arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    func invalidCodes(code: Int) { #expect(heard([.close(UInt16(code))]).failure == 1002) }

    @Test("with half a code ends with 1002, one whose reason is no UTF-8 with 1007")
    func malformed() {
        #expect(heard([TestFrame(8, [3])]).failure == 1002)
        let reason = Array("κόσμε".utf8) + [0xED, 0xA0, 0x80]
        #expect(heard([TestFrame(8, [3, 232] + reason)]).failure == 1007)
        #expect(heard([.close(1000, String(repeating: "*", count: 123))]).events.count == 1)
    }

    @Test("of ours waits for the other side's, drops messages meanwhile and answers no pings")
    func ours() {
        var session = WebSocketSession(maxMessage: 10)
        var position = 0
        let half = TestFrame.text("half", isFinal: false).bytes
        let nothing = session.next(half, from: &position)
        #expect(nothing == nil)
        session.close(.goingAway("stop"))
        session.close(.normal())
        #expect(session.takeOutput() == sentClose(1001, "stop"))
        let isSent = session.send(.text, [65])
        #expect(!isSent)
        let rest = [TestFrame.more("more", isFinal: true), .text("next"), .ping([1]), .pong()].flatMap(\.bytes)
        let dropped = heard(rest, session: session)
        #expect(dropped.events == [.ping, .pong] && dropped.output.isEmpty)
        let closed = heard(rest + TestFrame.close(1001).bytes, session: session)
        #expect(closed.events.last == .closed(WebSocketClose(code: 1001)) && closed.output.isEmpty)
        #expect(heard(rest + TestFrame(11).bytes, session: session).failure == 1002)
    }

    @Test("never has more than 125 bytes, nor half a character, nor a code that may not be sent")
    func payload() {
        for length in 55...70 {
            let payload = WebSocketClose.policy(String(repeating: "é", count: length)).payload
            #expect(payload.count == min(2 + 2 * length, 124))
            #expect(String(validating: payload[2...], as: UTF8.self) != nil)
        }
        #expect(WebSocketClose.noCode.payload.isEmpty && WebSocketClose.lost.payload.isEmpty)
    }
}
