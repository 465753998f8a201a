import Base
import Foundation
import HTTP
import HTTPServer
import JSON
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Server

/// A server in this process, whose configuration a test rewrites, before an upstream that says what the test wants.
struct RunningApp: Sendable {
    /// The file, as the server reads it again.
    final class File: Sendable {
        private let state = Mutex((text: "", reads: 0))
        var reads: Int { state.withLock(\.reads) }
        func write(_ text: String) { state.withLock { $0.text = text } }

        func read(_ environment: [String: String]) throws(ConfigurationErrors) -> LoadedConfiguration {
            let text = state.withLock { state in
                state.reads += 1
                return state.text
            }
            return try Configuration.load(
                file: ConfigurationFile(name: "tutti.yaml", bytes: Array(text.utf8)), environment: environment,
                flags: ConfigurationFlags(listen: "127.0.0.1:0"),
                capabilities: ConfigurationCapabilities(
                    dialects: [.openai, .anthropic, .local], localModels: ["smollm2"], hasLocalModel: { _ in true }))
        }
    }

    let app: App
    let port: UInt16
    let file: File
    let log: MemoryLog
    /// The upstream's address.
    let upstream: String

    /// - Parameter text: Of the configuration, by the upstream's address.
    static func run<Value: Sendable>(
        _ text: @Sendable (String) -> String, environment: [String: String] = [:], loops: Int = 1,
        onReload: [App.ReloadStep] = [],
        upstream: @escaping @Sendable (Request) async -> Response = { _ in .saying("ok") },
        _ body: @escaping @Sendable (RunningApp) async throws -> Value
    ) async throws -> Value {
        try await TestServer.run(answer: upstream) { server in
            let (file, log, clock) = (File(), MemoryLog(capacity: 2_000), TestClock())
            let address = "http://127.0.0.1:\(server.port)"
            file.write(text(address))
            let app = try App(
                try file.read(environment),
                App.Surroundings(
                    environment: environment, log: log, time: clock, generator: SeededGenerator(seed: 7),
                    loops: loops, load: { () throws(ConfigurationErrors) in try file.read(environment) },
                    onReload: onReload))
            let port = try await app.start()
            let running = RunningApp(app: app, port: port, file: file, log: log, upstream: address)
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await body(running)) } catch { outcome = .failure(error) }
            await app.stop()
            return try outcome.get()
        }
    }

    /// Two names of one model.
    static func plain(_ upstream: String) -> String {
        """
        providers: { mock: { dialect: openai, base_url: \(upstream)/v1, api_key: canary-key-51c7 } }
        models: { one: { chain: [mock/m] } }
        resilience: { retry: { retries: 0 }, breaker: { failures: 1 } }

        """
    }

    func connect() async throws -> TCPClient { try await TCPClient.connect(port) }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, on client: TCPClient? = nil
    ) async throws -> TestResponse {
        let connection = if let client { client } else { try await connect() }
        defer { if client == nil { connection.close() } }
        try await connection.send(RunningApp.request(method, path, body))
        return try await connection.readResponse()
    }

    static func request(_ method: String, _ path: String, _ body: String? = nil) -> String {
        let fields = body.map { "content-type: application/json\r\ncontent-length: \($0.utf8.count)\r\n" } ?? ""
        return "\(method) \(path) HTTP/1.1\r\nhost: localhost\r\n\(fields)\r\n\(body ?? "")"
    }

    static func chat(_ model: String) -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}]}"#
    }

    func chat(_ model: String, on client: TCPClient? = nil) async throws -> Int {
        try await send("POST", "/v1/chat/completions", RunningApp.chat(model), on: client).status
    }

    func reload(_ text: String? = nil) async throws -> TestResponse {
        if let text { file.write(text) }
        return try await send("POST", "/api/admin/reload")
    }

    /// What the log has with this message.
    func lines(_ message: String) throws -> [JSON] {
        try log.text.split(separator: "\n").map { try JSON(Array($0.utf8)) }
            .filter { $0["message"]?.string == message }
    }
}

extension TestResponse {
    var json: JSON { get throws { try JSON(body) } }
}

extension Response {
    /// A whole answer in OpenAI's words.
    static func saying(_ text: String) -> Response {
        let body = """
            {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":\
            {"role":"assistant","content":"\(text)"},"finish_reason":"stop"}],\
            "usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}
            """
        return Response(status: 200, headers: ["content-type": "application/json"], body: Array(body.utf8))
    }

    static func failing(_ status: Int) -> Response {
        Response(
            status: status, headers: ["content-type": "application/json"],
            body: Array(#"{"error":{"message":"no","type":"server_error"}}"#.utf8))
    }
}

/// Holds whoever waits until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var arrived = 0
    }

    private let state = Mutex(State())
    /// How many have come.
    var arrivals: Int { state.withLock(\.arrived) }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// Waits, without a clock, until so many have come.
    func reached(_ count: Int) async {
        while arrivals < count { await Task.yield() }
    }
}
