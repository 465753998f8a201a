import Base
import Foundation
import HTTPServer
import JSON
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Server

@Suite("Loading the configuration again", .timeLimit(.minutes(5)))
struct ReloadTests {
    @Test("puts all of it in force at once, also for the next request on an open connection")
    func inForce() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let client = try await running.connect()
            defer { client.close() }
            #expect(try await running.chat("one", on: client) == 200)
            let text = RunningApp.plain(running.upstream).replacing("one:", with: "two:")
            let answer = try await running.reload("log: { level: debug }\n\(text)")
            #expect(answer.status == 200)
            #expect(try answer.json["reloaded"]?.bool == true)
            #expect(
                try answer.json["changed"]?.array?.compactMap(\.string)
                    == ["log.level", "models.two.chain", "models.one.chain"])
            #expect(try await running.chat("one", on: client) == 404)
            #expect(try await running.chat("two", on: client) == 200)
            #expect(running.app.lasting.logger.level == .debug)
            #expect(try running.lines("configuration loaded again").first?["cause"]?.string == "request")
        }
    }

    @Test("one with faults is refused aloud, all of them told and no secret; the one before stays in force")
    func refused() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let world = running.app.worlds.value
            let bad = """
                server: { lisen: canary-value-1 }
                log: { level: canary-value-2 }
                providers: { mock: { dialect: openai, base_url: "canary-value-3", api_key: "canary-value 4" } }

                """
            let answer = try await running.reload(bad)
            #expect(answer.status == 422 && answer["content-type"] == "application/problem+json")
            #expect(try answer.json["code"]?.string == "invalid_configuration")
            let errors = try #require(try answer.json["errors"]?.array)
            #expect(errors.compactMap { $0["line"]?.int } == [1, 2, 3, 3])
            #expect(errors.allSatisfy { $0["file"]?.string == "tutti.yaml" && $0["message"]?.string != nil })
            #expect(running.app.worlds.value === world)
            #expect(try await running.chat("one") == 200)
            #expect(try running.lines("configuration refused").count == errors.count)
            let alerts = try running.lines("alert")
            #expect(alerts.compactMap { $0["alert"]?.string } == ["configuration_refused"])
            #expect(!running.log.text.contains("canary") && !answer.text.contains("canary"))
        }
    }

    @Test("a request ends under the configuration that it began under, which then goes; nothing holds it longer")
    func running() async throws {
        let gate = Gate()
        try await RunningApp.run(
            RunningApp.plain,
            upstream: { _ in
                await gate.pass()
                return .saying("late")
            }
        ) { running async throws in
            weak let before = running.app.worlds.value
            let client = try await running.connect()
            defer { client.close() }
            try await client.send(
                RunningApp.request("POST", "/v1/chat/completions", RunningApp.chat("one")))
            await gate.reached(1)
            let other = """
                providers: { new: { dialect: openai, base_url: "\(running.upstream)/v1" } }
                models: { two: { chain: [new/n] } }

                """
            #expect(try await running.reload(other).status == 200)
            #expect(before != nil && running.app.worlds.value !== before)
            #expect(try await running.chat("one") == 404)
            gate.open()
            let answer = try await client.readResponse()
            #expect(answer.status == 200 && answer.text.contains("late") && answer.text.contains("mock/m"))
            #expect(try await running.chat("two", on: client) == 200)
            // The handler's frame may end a moment after its answer has arrived.
            while before != nil { await Task.yield() }
        }
    }

    @Test("an open circuit stays open; a key that was rejected is tried again at once")
    func remembered() async throws {
        let box = Upstream()
        try await RunningApp.run(RunningApp.plain, upstream: { _ in box.answer() }) { running async throws in
            box.status = 500
            #expect(try await running.chat("one") == 502)
            #expect(try await running.chat("one") == 503 && box.asked == 1, "the circuit is open")
            #expect(try await running.reload().status == 200)
            #expect(try await running.chat("one") == 503 && box.asked == 1, "and stays so")
            // Another address is another provider.
            box.status = 401
            let elsewhere = RunningApp.plain(running.upstream).replacing("/v1", with: "/v2")
            #expect(try await running.reload(elsewhere).status == 200)
            #expect(try await running.chat("one") == 502 && box.asked == 2)
            #expect(try await running.chat("one") == 502 && box.asked == 2, "the key rests")
            box.status = 200
            #expect(try await running.reload().status == 200)
            #expect(try await running.chat("one") == 200 && box.asked == 3)
        }
    }

    @Test("what only a start can change is told and not refused")
    func late() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let text = RunningApp.plain(running.upstream) + "server: { data: ./elsewhere, heartbeat: 2s }\n"
            for _ in 0..<2 {
                let notices = try await running.reload(text).json["notices"]?.array?.compactMap(\.string)
                #expect(notices == ["server.data takes effect at the next start."], "also the second time")
            }
        }
    }

    @Test("what else follows the configuration is asked first, and one that refuses refuses all")
    func steps() async throws {
        let record = EventLog<String>()
        let first: App.ReloadStep = { configuration in
            record.append("first sees \(configuration.log.level)")
            return { record.append("first in force") }
        }
        let second: App.ReloadStep = { configuration throws(CodedError) in
            guard configuration.log.level == .debug else {
                throw CodedError(.invalidConfiguration, "There is no certificate.")
            }
            return { record.append("second in force") }
        }
        try await RunningApp.run(RunningApp.plain, onReload: [first, second]) { running async throws in
            let plain = RunningApp.plain(running.upstream)
            let answer = try await running.reload(plain + "log: { level: error }\n")
            #expect(answer.status == 422 && answer.text.contains("There is no certificate."))
            #expect(running.app.lasting.logger.level == .info)
            #expect(try await running.reload(plain + "log: { level: debug }\n").status == 200)
            #expect(
                record.events == [
                    "first sees error", "first sees debug", "first in force", "second in force",
                ])
        }
    }

    @Test("the level of the log can be set until the configuration is loaded again")
    func logLevel() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let path = "/api/admin/log-level"
            #expect(try await running.send("PUT", path, #"{"level":"trace"}"#).status == 200)
            #expect(running.app.lasting.logger.level == .trace)
            for body in [#"{"level":"loud"}"#, "{}", #"{"level":3}"#, "[]"] {
                let answer = try await running.send("PUT", path, body)
                #expect(answer.status == 400, "\(body)")
            }
            #expect(running.app.lasting.logger.level == .trace)
            #expect(try await running.reload().status == 200)
            #expect(running.app.lasting.logger.level == .info)
        }
    }

    @Test("flags take their routes away and give them back")
    func flags() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            func statuses() async throws -> [Int] {
                var found: [Int] = []
                for path in ["/v1/responses", "/v1/embeddings"] {
                    found.append(try await running.send("POST", path, "{}").status)
                }
                return found
            }
            let plain = RunningApp.plain(running.upstream)
            #expect(try await statuses() == [400, 400])
            #expect(try await running.reload(plain + "flags: { responses: false, embeddings: false }\n").status == 200)
            #expect(try await statuses() == [404, 404])
            #expect(try await running.reload(plain).status == 200)
            #expect(try await statuses() == [400, 400])
            #expect(try await running.reload(plain + "flags: { chaos: true }\n").status == 422)
        }
    }

    @Test("a body is refused: nobody is to think that a configuration can be sent")
    func body() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let reads = running.file.reads
            for body in ["[]", "log: {}", #"{"log":1}"#] {
                #expect(try await running.send("POST", "/api/admin/reload", body).status == 400)
            }
            #expect(running.file.reads == reads)
            #expect(try await running.send("POST", "/api/admin/reload", "{}").status == 200)
            #expect(try await running.send("GET", "/api/admin/reload").status == 405)
        }
    }

    @Test("the schema is served")
    func schema() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let answer = try await running.send("GET", "/api/config/schema")
            #expect(answer.status == 200 && answer["content-type"] == "application/schema+json")
            #expect(try answer.json == ConfigurationSchema.document)
        }
    }

    /// Answers with the status that a test sets, and counts.
    private final class Upstream: Sendable {
        private let state = Mutex((status: 200, asked: 0))
        var asked: Int { state.withLock(\.asked) }
        var status: Int {
            get { state.withLock(\.status) }
            set { state.withLock { $0.status = newValue } }
        }

        func answer() -> Response {
            let status = state.withLock { state in
                state.asked += 1
                return state.status
            }
            return status == 200 ? .saying("ok") : .failing(status)
        }
    }
}
