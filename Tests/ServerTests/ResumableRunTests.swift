import Base
import HTTP
import HTTPServer
import JSON
import Orchestrator
import TestKit
import Testing
import Transport

@testable import Server

@Suite("Runs that go on without their connection", .timeLimit(.minutes(2)))
struct ResumableRunTests {
    private static let path = "/api/orchestrator/chat"
    private static let tokens = (0..<60).map { "w\($0) " }

    /// A whole stream in OpenAI's words.
    private static var stream: Response {
        var body = ""
        for token in tokens {
            body += #"data: {"choices":[{"index":0,"delta":{"content":"\#(token)"}}]}"# + "\n\n"
        }
        body += #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"
        return Response(status: 200, headers: ["content-type": "text/event-stream"], body: Array(body.utf8))
    }

    /// A server whose upstream answers as soon as the gate is open.
    private static func run(
        runs: String = "", _ body: @escaping @Sendable (RunningApp, Gate) async throws -> Void
    ) async throws {
        let gate = Gate()
        try await RunningApp.run(
            { RunningApp.plain($0) + "server: { drain: 0s }\nruns: { \(runs) }\n" },
            upstream: { request in
                let isStreamed = (try? JSON(try await request.body(limit: 10_000)))?["stream"] == true
                await gate.pass()
                return isStreamed ? stream : .saying(tokens.joined())
            }
        ) { app in
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(app, gate)) } catch { outcome = .failure(error) }
            gate.open()
            try outcome.get()
        }
    }

    private static func turn(_ id: String, stream: Bool = true) -> String {
        #"{"message":"hi","model":"one","stream":\#(stream),"resumable":true,"requestId":"\#(id)"}"#
    }

    /// Begins a streamed turn and reads up to the moment at which the model is asked.
    private static func begin(_ app: RunningApp, _ id: String) async throws -> (TCPClient, seen: String) {
        let client = try await app.connect()
        try await client.send(RunningApp.request("POST", path, turn(id)))
        return (client, try await client.read(until: #""name":"execute""#))
    }

    private static func follow(
        _ app: RunningApp, _ run: String, _ query: String = "", header: String? = nil
    ) async throws -> TestResponse {
        let client = try await app.connect()
        defer { client.close() }
        let field = header.map { "last-event-id: \($0)\r\n" } ?? ""
        try await client.send(
            "GET /api/orchestrator/runs/\(run)/events\(query) HTTP/1.1\r\nhost: localhost\r\n\(field)\r\n")
        return try await client.readResponse()
    }

    @Test("a connection that breaks is taken up where it broke, while the run goes on and after its end")
    func resumes() async throws {
        try await Self.run { app, gate in
            let (client, seen) = try await Self.begin(app, "mine")
            let run = try runID(of: seen)
            client.close()
            let following = Task { try await Self.follow(app, run, "?after=1") }
            gate.open()
            let rest = try events(try await following.value.body)
            #expect(rest.map(\.id) == (2..<rest.count + 2).map { "\(run):\($0)" })
            #expect(rest.last?.name == "COMPLETE")
            #expect(rest.last?.data["content"]?.string == Self.tokens.joined())
            let whole = try events(try await Self.follow(app, run).body)
            #expect(whole.first?.name == "START_EXECUTION" && Array(whole.dropFirst(2)) == rest)
            #expect(whole.first?.data["planId"]?.string?.count == 64)
            #expect(whole.filter { $0.name == "TOKEN" }.compactMap { $0.data["token"]?.string } == Self.tokens)
            let middle = try await Self.follow(app, run, "?after=1", header: "\(run):20")
            #expect(try events(middle.body) == Array(whole.dropFirst(21)), "Last-Event-ID wins")
            let named = try await Self.follow(app, "mine", "?after=20")
            #expect(try events(named.body) == Array(whole.dropFirst(21)), "the request's id leads to the run")
            let end = try await Self.follow(app, run, "?after=\(whole.count - 1)")
            #expect(end.status == 204 && end.body.isEmpty)
        }
    }

    @Test("an answer that is not streamed can be had although its connection broke")
    func whole() async throws {
        try await Self.run { app, gate in
            let client = try await app.connect()
            try await client.send(RunningApp.request("POST", Self.path, Self.turn("lost", stream: false)))
            await gate.reached(1)
            client.close()
            gate.open()
            let found = try events(try await Self.follow(app, "lost").body)
            #expect(found.last?.data["content"]?.string == Self.tokens.joined())
            let plain = try await app.send("POST", Self.path, Self.turn("kept", stream: false))
            #expect(plain.status == 200 && plain["x-request-id"] == "kept")
            #expect(try plain.json["content"]?.string == Self.tokens.joined())
        }
    }

    @Test("a turn that ends before its first event has its status, and leaves no run")
    func refused() async throws {
        try await Self.run { app, _ in
            for stream in [true, false] {
                let body = #"{"message":"hi","model":"none","stream":\#(stream),"resumable":true,"requestId":"r"}"#
                let answer = try await app.send("POST", Self.path, body)
                #expect(try answer.status == 404 && answer.json["code"] == "model_not_found")
                #expect(try await Self.follow(app, "r").status == 404)
            }
            #expect(app.app.lasting.liveRuns.count == 0 && app.app.lasting.registry.count == 0)
        }
    }

    @Test("cancelled: CANCELLED is the last event, the id is free, and the log is kept")
    func cancelled() async throws {
        try await Self.run { app, gate in
            let (client, seen) = try await Self.begin(app, "mine")
            let run = try runID(of: seen)
            let again = try await app.send("POST", Self.path, Self.turn("mine"))
            #expect(again.status == 409)
            client.close()
            let stopped = try await app.send("POST", "/api/orchestrator/cancel", #"{"requestId":"mine"}"#)
            #expect(stopped.status == 200)
            let found = try events(try await Self.follow(app, run).body)
            #expect(found.last?.name == "CANCELLED" && found.last?.data == ["requestId": "mine"])
            #expect(app.app.lasting.registry.count == 0)
            gate.open()
            let next = try await app.send("POST", Self.path, Self.turn("mine", stream: false))
            #expect(next.status == 200)
            #expect(try events(try await Self.follow(app, run).body) == found)
        }
    }

    @Test("a request that is sent again while its run goes on is refused, and its id still leads to the run")
    func again() async throws {
        try await Self.run { app, gate in
            let (client, seen) = try await Self.begin(app, "mine")
            let run = try runID(of: seen)
            client.close()
            let again = try await app.send("POST", Self.path, Self.turn("mine"))
            #expect(try again.status == 409 && again.json["code"] == "request_in_flight")
            let following = Task { try await Self.follow(app, "mine") }
            gate.open()
            let answer = try await following.value
            #expect(answer.status == 200)
            let found = try events(answer.body)
            #expect(found.last?.name == "COMPLETE" && found.first?.id == "\(run):0")
            #expect(app.app.lasting.liveRuns.count == 1)
        }
    }

    @Test("a run for which there is no place leaves its id free")
    func full() async throws {
        try await Self.run(runs: "max_runs: 1") { app, gate in
            let (client, _) = try await Self.begin(app, "one")
            for _ in 0..<2 {
                let refused = try await app.send("POST", Self.path, Self.turn("two"))
                #expect(try refused.status == 503 && refused.json["code"] == "overloaded")
            }
            #expect(app.app.lasting.registry.count == 1)
            client.close()
        }
    }

    @Test("all of a user's are cancelled at once, with and without a connection")
    func cancelAll() async throws {
        try await Self.run { app, gate in
            let (first, seen) = try await Self.begin(app, "one")
            first.close()
            let (second, _) = try await Self.begin(app, "two")
            let plain = try await app.connect()
            try await plain.send(RunningApp.request("POST", "/v1/chat/completions", RunningApp.chat("one")))
            await gate.reached(3)
            for (body, status) in [
                (#"{"scope":"others"}"#, 400), (#"{"scope":1}"#, 400), (#"{"all":true}"#, 400), ("[]", 400),
            ] {
                #expect(try await app.send("POST", "/api/orchestrator/cancel-all", body).status == status, "\(body)")
            }
            let all = try await app.send("POST", "/api/orchestrator/cancel-all", #"{"scope":"all"}"#)
            #expect(try all.json == ["cancelled": 3])
            #expect(try await second.read(until: "CANCELLED").contains("CANCELLED"))
            #expect(try await plain.readResponse().status == 499)
            let found = try events(try await Self.follow(app, try runID(of: seen)).body)
            #expect(found.last?.name == "CANCELLED")
            let none = try await app.send("POST", "/api/orchestrator/cancel-all", "{}")
            #expect(try none.json == ["cancelled": 0])
            second.close()
            plain.close()
        }
    }

    @Test("a cursor that is too old is answered with what is still there")
    func gone() async throws {
        try await Self.run(runs: "ring: 16") { app, gate in
            gate.open()
            let client = try await app.connect()
            try await client.send(RunningApp.request("POST", Self.path, Self.turn("mine")))
            let all = try events(try await client.readResponse().body)
            let run = try #require(all.first?.data["runId"]?.string)
            let old = try await Self.follow(app, run, "?after=0")
            #expect(try old.status == 410 && old.json["code"] == "events_gone")
            let first = try #require(try old.json["kept"]?["first"]?.int)
            #expect(try old.json["kept"]?["last"]?.int == Int64(all.count - 1))
            let rest = try await Self.follow(app, run, "?after=\(first - 1)")
            #expect(try events(rest.body) == Array(all.dropFirst(Int(first))))
            client.close()
        }
    }

    @Test("left alone for its grace it is cancelled")
    func grace() async throws {
        try await Self.run(runs: "grace: 0s") { app, gate in
            let (client, seen) = try await Self.begin(app, "mine")
            client.close()
            let run = try runID(of: seen)
            while app.app.lasting.registry.count > 0 { await Task.yield() }
            #expect(try events(try await Self.follow(app, run).body).last?.name == "CANCELLED")
        }
    }

    @Test("odd cursors and ids are refused with what to send")
    func odd() async throws {
        try await Self.run { app, gate in
            gate.open()
            let done = try await app.send("POST", Self.path, Self.turn("mine", stream: false))
            let run = try #require(try done.json["runId"]?.string)
            for query in [
                "?after=", "?after=-1", "?after=1e3", "?after=99999999999999999999", "?after=9999", "?after=x",
            ] {
                let answer = try await Self.follow(app, run, query)
                #expect(try answer.status == 400 && answer.json["param"] == "after", "\(query)")
            }
            for id in ["x", "\(run):", "\(run):-1", "run_other:3", ":3", "3"] {
                let answer = try await Self.follow(app, run, header: id)
                #expect(try answer.status == 400 && answer.json["param"] == "last-event-id", "\(id)")
            }
            // Empty is what a client sends that has received none.
            #expect(try events(try await Self.follow(app, run, header: "").body).last?.name == "COMPLETE")
            for id in ["none", "%2e%2e", "run_", String(repeating: "x", count: 3000)] {
                let answer = try await Self.follow(app, id)
                #expect(try answer.status == 404 && answer.json["code"] == "run_not_found", "\(id)")
            }
        }
    }

    @Test("a configuration that is loaded anew takes no run away")
    func reloaded() async throws {
        try await Self.run { app, gate in
            let (client, seen) = try await Self.begin(app, "mine")
            client.close()
            #expect(try await app.reload().status == 200)
            gate.open()
            let found = try events(try await Self.follow(app, try runID(of: seen)).body)
            #expect(found.last?.data["content"]?.string == Self.tokens.joined())
        }
    }

    @Test("when the server stops, who reads a run that was left alone hears why it ends")
    func stopped() async throws {
        let text = try await RunningApp.run(
            { RunningApp.plain($0) + "server: { drain: 0s }\n" },
            upstream: { request in
                // Until the caller hangs up.
                do throws(CancellationError) { try await request.loop.sleep(for: .seconds(300)) } catch {}
                return .failing(500)
            }
        ) { app in
            let (client, seen) = try await Self.begin(app, "mine")
            client.close()
            let reader = try await app.connect()
            try await reader.send(
                "GET /api/orchestrator/runs/\(try runID(of: seen))/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
            _ = try await reader.read(until: #""name":"execute""#)
            // The server stops when this returns.
            return Task { try await reader.readToEnd() }
        }.value
        #expect(text.contains("event: ERROR") && text.contains("shutting_down") && text.hasSuffix("0\r\n\r\n"))
    }
}

/// The id of the run whose first event is in a text.
func runID(of seen: String) throws -> String {
    let rest = try #require(seen.split(separator: "\"runId\":\"").dropFirst().first)
    return String(rest.prefix { $0 != "\"" })
}
