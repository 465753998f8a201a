import Base
import Foundation
import HTTP
import HTTPServer
import JSON
import TestKit
import Testing

@testable import Server

/// Turns over a socket, on a whole server before an upstream that a test holds back.
@Suite("Turns over a socket", .timeLimit(.minutes(2)))
struct ChatSocketTests {
    private static let path = "/api/orchestrator/ws"

    /// Reads a socket's messages and keeps those of requests that nobody has asked for yet.
    private actor Reader {
        nonisolated let client: WebSocketClient
        private var waiting: [JSON] = []

        init(_ client: WebSocketClient) { self.client = client }

        /// The next event of this request, or of none where `requestID` is nil.
        func next(_ requestID: String?) async throws -> JSON {
            while true {
                if let found = waiting.firstIndex(where: { $0["requestId"]?.string == requestID }) {
                    return waiting.remove(at: found)
                }
                waiting.append(try JSON(Array(try await client.text().utf8)))
            }
        }

        /// All events up to and with the last one.
        func run(_ requestID: String) async throws -> [JSON] {
            var events: [JSON] = []
            repeat { events.append(try await next(requestID)) } while !Reader.isLast(events.last)
            return events
        }

        private static func isLast(_ event: JSON?) -> Bool {
            ["COMPLETE", "ERROR", "CANCELLED"].contains(event?["event"]?.string ?? "")
        }
    }

    private static func open(_ running: RunningApp, _ more: String...) async throws -> Reader {
        let request = WebSocketClient.request(path)
        let lines = more.map { $0 + "\r\n" }.joined()
        let client = try await WebSocketClient.connect(
            running.port, request.replacing("Sec-WebSocket-Version", with: lines + "Sec-WebSocket-Version"))
        return Reader(client)
    }

    private static func chat(_ id: String, _ model: String = "one") -> String {
        #"{"type":"chat","requestId":"\#(id)","model":"\#(model)","message":"hello"}"#
    }

    /// Answers at once, but for the turns that wait at the gate: those whose text is `hold`.
    private static func upstream(_ gate: Gate) -> @Sendable (Request) async -> Response {
        { request in
            let body = (try? await request.body(limit: 1 << 20)) ?? []
            if String(decoding: body, as: UTF8.self).contains("hold") { await gate.pass() }
            return .saying("an answer")
        }
    }

    private static func hold(_ id: String) -> String {
        #"{"type":"chat","requestId":"\#(id)","model":"one","message":"hold"}"#
    }

    private static func run(
        _ gate: Gate = Gate(), _ body: @escaping @Sendable (RunningApp) async throws -> Void
    ) async throws {
        try await RunningApp.run(RunningApp.plain, upstream: upstream(gate)) { running in
            defer { gate.open() }
            try await body(running)
        }
    }

    @Test("are answered beside each other, each with events of its own, in order and without a gap")
    func several() async throws {
        let gate = Gate()
        try await Self.run(gate) { running in
            let reader = try await Self.open(running)
            #expect(reader.client.response.status == 101)
            try await reader.client.send(Self.hold("slow"))
            await gate.reached(1)
            for id in ["a", "b", "c"] { try await reader.client.send(Self.chat(id)) }
            for id in ["c", "a", "b"] {
                let events = try await reader.run(id)
                #expect(events.first?["event"]?.string == "START_EXECUTION")
                #expect(events.last?["event"]?.string == "COMPLETE")
                #expect(events.last?["data"]?["content"]?.string == "an answer")
                let runID = try #require(events.first?["data"]?["runId"]?.string)
                #expect(events.enumerated().allSatisfy { $1["id"]?.string == "\(runID):\($0)" })
            }
            gate.open()
            #expect(try await reader.run("slow").last?["event"]?.string == "COMPLETE")
            try await reader.client.close(.normal())
            #expect(try await reader.client.ending().code == 1000)
        }
    }

    @Test("keep their socket when a message is wrong, and end it when one is binary")
    func wrong() async throws {
        try await Self.run { running in
            let reader = try await Self.open(running)
            try await reader.client.send("{nonsense")
            #expect(try await reader.next(nil)["data"]?["code"]?.string == "invalid_json")
            try await reader.client.send(#"{"type":"chat","requestId":"x","message":1}"#)
            #expect(try await reader.next("x")["data"]?["param"]?.string == "message")
            try await reader.client.send(Self.chat("y", "none"))
            #expect(try await reader.run("y").last?["data"]?["code"]?.string == "model_not_found")
            try await reader.client.send(#"{"type":"ping"}"#)
            #expect(try await reader.next(nil)["event"]?.string == "PONG")
            try await reader.client.send(#"{"type":"cancel","requestId":"nobody"}"#)
            #expect(try await reader.next("nobody")["data"]?["code"]?.string == "not_found")
            try await reader.client.send(#"{"type":"resume","runId":"run_none"}"#)
            #expect(try await reader.next(nil)["data"]?["code"]?.string == "run_not_found")
            try await reader.client.send(.binary, Array(Self.chat("z").utf8))
            #expect(try await reader.client.ending().code == 1003)
        }
    }

    @Test("are cancelled by their id, and the others go on")
    func cancel() async throws {
        let gate = Gate()
        try await Self.run(gate) { running in
            let reader = try await Self.open(running)
            try await reader.client.send(Self.hold("one"))
            try await reader.client.send(Self.hold("two"))
            await gate.reached(2)
            try await reader.client.send(Self.hold("two"))
            #expect(try await reader.next("two")["event"]?.string == "START_EXECUTION")
            var events = [try await reader.next("two")]
            while events.last?["data"]?["code"] == nil { events.append(try await reader.next("two")) }
            #expect(events.last?["data"]?["code"]?.string == "request_in_flight")
            try await reader.client.send(#"{"type":"cancel","requestId":"one"}"#)
            #expect(try await reader.run("one").last?["event"]?.string == "CANCELLED")
            gate.open()
            #expect(try await reader.run("two").last?["event"]?.string == "COMPLETE")
        }
    }

    @Test("go on when their socket is gone, and another socket has every event once")
    func resume() async throws {
        let gate = Gate()
        try await Self.run(gate) { running in
            let first = try await Self.open(running)
            try await first.client.send(Self.hold("kept"))
            let start = try await first.next("kept")
            let runID = try #require(start["data"]?["runId"]?.string)
            await gate.reached(1)
            first.client.connection.reset()
            let second = try await Self.open(running)
            try await second.client.send(#"{"type":"resume","runId":"\#(runID)","after":0}"#)
            #expect(try await second.next("kept")["id"]?.string == "\(runID):1")
            gate.open()
            let rest = try await second.run("kept")
            #expect(rest.last?["event"]?.string == "COMPLETE")
            // All over again, now that it is over.
            try await second.client.send(#"{"type":"resume","runId":"\#(runID)"}"#)
            let whole = try await second.run("kept")
            #expect(whole.count == rest.count + 2)
            #expect(whole.enumerated().allSatisfy { $1["id"]?.string == "\(runID):\($0)" })
            try await second.client.send(#"{"type":"resume","runId":"\#(runID)","after":900}"#)
            #expect(try await second.next(nil)["data"]?["param"]?.string == "after")
        }
    }

    @Test("are at most 32 at once; one more is refused alone")
    func most() async throws {
        let gate = Gate()
        try await Self.run(gate) { running in
            let reader = try await Self.open(running)
            for number in 0..<32 { try await reader.client.send(Self.hold("r\(number)")) }
            try await reader.client.send(Self.chat("extra"))
            let refused = try await reader.next("extra")
            #expect(refused["event"]?.string == "ERROR" && refused["data"]?["code"]?.string == "overloaded")
            gate.open()
            for number in 0..<32 {
                #expect(try await reader.run("r\(number)").last?["event"]?.string == "COMPLETE")
            }
            try await reader.client.send(Self.chat("extra"))
            #expect(try await reader.run("extra").last?["event"]?.string == "COMPLETE")
        }
    }

    @Test("need a socket: foreign pages, plain requests and other versions are refused before there is one")
    func refused() async throws {
        try await Self.run { running in
            let foreign = try await Self.open(running, "Origin: https://elsewhere.example")
            #expect(foreign.client.response.status == 403)
            let own = try await Self.open(running, "Origin: http://localhost")
            #expect(own.client.response.status == 101)
            let plain = try await running.send("GET", Self.path)
            #expect(plain.status == 426 && plain["sec-websocket-version"] == "13" && plain["upgrade"] == "websocket")
            #expect(try plain.json["code"]?.string == "upgrade_required")
            #expect(try await running.send("POST", Self.path, "{}").status == 405)
        }
    }

    @Test("need a key where keys are asked for, and end when it is taken back")
    func keys() async throws {
        try await KeyedServer.run { server in
            let key = KeyedServer.key(.member)
            let none = try await WebSocketClient.connect(server.port, WebSocketClient.request(Self.path))
            #expect(none.response.status == 401)
            let viewer = WebSocketClient.request(Self.path, "Authorization: Bearer \(KeyedServer.key(.viewer))")
            #expect(try await WebSocketClient.connect(server.port, viewer).response.status == 403)
            let page = WebSocketClient.request(Self.path, "Sec-WebSocket-Protocol: tutti, bearer.\(key)")
            let client = try await WebSocketClient.connect(server.port, page)
            #expect(client.response.status == 101)
            #expect(client.response["sec-websocket-protocol"] == "tutti")
            #expect(!client.response.seen.contains(key))
            try await client.send(#"{"type":"cancel","requestId":"nobody"}"#)
            #expect(try await client.text().contains("not_found"))
            server.app.lasting.gatekeeper.adopt(.closed)
            try await client.send(#"{"type":"cancel","requestId":"nobody"}"#)
            #expect(try await client.ending().code == 1008)
        }
    }

    @Test("begin with the configuration of their moment, and are told of a stop with 1001")
    func reloaded() async throws {
        let (gate, log) = (Gate(), EventLog<UInt16>())
        try await Self.run(gate) { running in
            let reader = try await Self.open(running)
            try await reader.client.send(Self.chat("before", "two"))
            #expect(try await reader.run("before").last?["data"]?["code"]?.string == "model_not_found")
            let text = RunningApp.plain(running.upstream).replacing("one:", with: "two:")
            #expect(try await running.reload(text).status == 200)
            try await reader.client.send(Self.chat("after", "two"))
            #expect(try await reader.run("after").last?["event"]?.string == "COMPLETE")
            let metrics = try await running.send("GET", "/metrics").text
            #expect(metrics.contains("tutti_sockets_open 1\n"))
            #expect(metrics.contains(#"tutti_socket_messages_total{direction="received"} 2"#))
            Task {
                await gate.pass()
                log.append(try await reader.client.ending().code)
            }
            await gate.reached(1)
            gate.open()
        }
        // The server has stopped.
        #expect(try await log.atLeast(1) == [1001])
    }
}
