import Base
import JSON
import Models
import Testing

@testable import Orchestrator
@testable import Server

@Suite("A message on the socket")
struct SocketMessageTests {
    private func fault(_ text: String) -> SocketMessage.Fault? {
        do throws(SocketMessage.Fault) { _ = try SocketMessage(Array(text.utf8)) } catch { return error }
        return nil
    }

    @Test("is a turn, a cancel, a resume or a ping")
    func kinds() throws {
        let chat = #"{"type":"chat","requestId":"a.1","message":"hello","options":{"temperature":0.5},"stream":false}"#
        guard case .chat(let turn) = try SocketMessage(Array(chat.utf8)) else { throw NoTurn() }
        #expect(turn.requestID == "a.1" && turn.request.temperature == 0.5)
        guard case .cancel("b") = try SocketMessage(Array(#"{"requestId":"b","type":"cancel"}"#.utf8)) else {
            throw NoTurn()
        }
        guard
            case .resume("run_1", after: 7) = try SocketMessage(
                Array(#"{"type":"resume","runId":"run_1","after":7}"#.utf8))
        else { throw NoTurn() }
        guard
            case .resume("run_1", after: nil) = try SocketMessage(
                Array(#"{"type":"resume","runId":"run_1","after":null}"#.utf8))
        else { throw NoTurn() }
        guard case .ping = try SocketMessage(Array(#"{"type":"ping"}"#.utf8)) else { throw NoTurn() }
    }

    private struct NoTurn: Error {}

    @Test(
        "that is wrong says what, and which request it was about",
        arguments: [
            ("{", "invalid_json", nil, nil), ("[]", "invalid_type", nil, nil), ("", "invalid_json", nil, nil),
            (#"{"requestId":"x"}"#, "missing_required_parameter", "type", "x"),
            (#"{"type":7,"requestId":"x"}"#, "invalid_type", "type", "x"),
            (#"{"type":"chta","requestId":"x"}"#, "invalid_value", "type", "x"),
            (#"{"type":"chat","requestId":"x"}"#, "missing_required_parameter", "message", "x"),
            (#"{"type":"chat","requestId":"x y","message":"a"}"#, "invalid_value", "requestId", nil),
            (#"{"type":"chat","requestId":"x","mesage":"a"}"#, "invalid_value", "mesage", "x"),
            (#"{"type":"chat","type":"ping"}"#, "invalid_value", "type", nil),
            (#"{"type":"cancel"}"#, "missing_required_parameter", "requestId", nil),
            (#"{"type":"cancel","requestId":5}"#, "invalid_type", "requestId", nil),
            (#"{"type":"cancel","requestId":"x","all":true}"#, "invalid_value", "all", "x"),
            (#"{"type":"resume","after":1}"#, "missing_required_parameter", "runId", nil),
            (#"{"type":"resume","runId":"r","after":-1}"#, "invalid_value", "after", nil),
            (#"{"type":"resume","runId":"r","after":"1"}"#, "invalid_value", "after", nil),
            (#"{"type":"ping","message":"a"}"#, "invalid_value", "message", nil),
        ] as [(String, String, String?, String?)])
    func wrong(text: String, code: String, param: String?, requestID: String?) {
        let fault = fault(text)
        #expect(fault?.error.code.name == code)
        #expect(fault?.error.param == param)
        #expect(fault?.requestID == requestID)
    }

    @Test("of the server is one JSON object, also an error")
    func frames() throws {
        let bytes = SocketFrames.error(
            CodedError(.eventsGone, "gone", param: "after"), requestID: nil, runID: "run_1", kept: 3..<9)
        let error = try JSON(bytes)
        #expect(error["event"]?.string == "ERROR" && error["requestId"]?.isNull == true && error["id"] == nil)
        #expect(error["data"]?["code"]?.string == "events_gone" && error["data"]?["runId"]?.string == "run_1")
        #expect(error["data"]?["kind"]?.string == "validation")
        #expect(error["data"]?["kept"]?["first"]?.int == 3 && error["data"]?["kept"]?["last"]?.int == 8)
        #expect(try JSON(SocketFrames.pong)["event"]?.string == "PONG")
    }

    @Test("of the server tells nobody what a technical error was")
    func technical() throws {
        let error = CodedError(.internalError, "The chat graph is odd.", param: "graph")
        let data = try JSON(SocketFrames.error(error, requestID: "mine"))["data"]
        #expect(data?["kind"]?.string == "system" && data?["param"] == nil)
        #expect(data?["message"]?.string == error.shown(requestID: "mine").message)
    }
}
