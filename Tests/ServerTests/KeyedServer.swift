import Base
import Foundation
import HTTP
import HTTPServer
import Identity
import Synchronization
import Telemetry
import TestKit
import Testing
import Transport

@testable import Server

/// A whole server with keys, on a clock that a test moves, before an upstream that counts its calls and answers none of
/// them.
struct KeyedServer: Sendable {
    let app: App
    let port: UInt16
    let clock: TestClock
    let log: MemoryLog
    let calls: CallLog

    /// The calls that reached the upstream.
    final class CallLog: Sendable {
        private let counter = Mutex(0)
        private let stream: AsyncStream<Void>
        private let told: AsyncStream<Void>.Continuation

        init() { (stream, told) = AsyncStream.makeStream(of: Void.self) }

        var count: Int { counter.withLock { $0 } }

        func add() {
            counter.withLock { $0 += 1 }
            told.yield()
        }

        /// Returns when one has come that nobody has waited for.
        func next() async { for await _ in stream { return } }
    }

    /// The callers there are. Their keys are in ``key(_:)``.
    enum Caller: String, CaseIterable {
        case viewer, member, admin
        /// The member's user with another key.
        case second
        /// Another user of the member's tenant.
        case colleague
        /// An admin of another tenant.
        case stranger
        case revoked, expired

        var tenant: String { self == .stranger ? "north" : "south" }
        var user: String { self == .second ? "member" : rawValue }
        var role: Scope.Role {
            switch self {
            case .viewer: .viewer
            case .admin, .stranger, .revoked, .expired: .admin
            case .member, .second, .colleague: .member
            }
        }
    }

    static let pepper = "pepper-" + String(repeating: "p", count: 40)

    static func key(_ caller: Caller) -> String { "key-of-\(caller.rawValue)-" + String(repeating: "k", count: 30) }

    private static func configuration(upstream: UInt16, data: URL, more: String) throws -> LoadedConfiguration {
        let pepper = try #require(Pepper(Secret(pepper)))
        let keys = try Caller.allCases.map { caller in
            let hash = try #require(pepper.hash(Array(key(caller).utf8)))
            let end = caller == .revoked ? "revoked: true, " : caller == .expired ? "expires: 2024-12-31, " : ""
            return "    - { name: \(caller.rawValue), hash: \(hash), \(end)tenant: \(caller.tenant), "
                + "user: \(caller.user), role: \(caller.role.rawValue) }"
        }
        let text = """
            server: { listen: 127.0.0.1:0, data: "\(data.path)", drain: 0s\(more) }
            auth:
              pepper: \(Self.pepper)
              keys:
            \(keys.joined(separator: "\n"))
            providers: { up: { dialect: openai, base_url: http://127.0.0.1:\(upstream)/v1, models: [m] } }
            models: { auto: { chain: [up/m] } }
            """
        return try Configuration.load(
            file: ConfigurationFile(name: "tutti.yaml", bytes: Array(text.utf8)), environment: [:],
            capabilities: ConfigurationCapabilities(
                dialects: [.openai], localModels: [], hasLocalModel: { _ in false })
        )
    }

    /// The table of routes.
    var routes: [Route] { app.worlds.value?.routes ?? [] }

    /// Runs `body` against a server of its own. `more` goes on in its section `server`.
    static func run(more: String = "", _ body: (KeyedServer) async throws -> Void) async throws {
        let calls = CallLog()
        let data = FileManager.default.temporaryDirectory.appending(path: "tutti-keyed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: data) }
        try await TestServer.run(
            handler: { request, writer in
                calls.add()
                // Until the caller hangs up.
                do throws(CancellationError) { try await request.loop.sleep(for: .seconds(300)) } catch {}
                return await writer.send(Response(status: 500))
            },
            { upstream in
                let clock = TestClock()
                let log = MemoryLog()
                let loaded = try configuration(upstream: upstream.port, data: data, more: more)
                let app = try App(
                    loaded,
                    App.Surroundings(
                        environment: [:], log: log, time: clock, generator: SeededGenerator(seed: 4), loops: 1,
                        load: { loaded }))
                let server = KeyedServer(app: app, port: try await app.start(), clock: clock, log: log, calls: calls)
                let outcome: Result<Void, any Error>
                do { outcome = .success(try await body(server)) } catch { outcome = .failure(error) }
                await app.stop()
                try outcome.get()
            })
    }

    /// Sends one request over a connection of its own and gives the whole answer.
    func ask(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: String = ""
    ) async throws -> TestResponse {
        let client = try await TCPClient.connect(port)
        defer { client.close() }
        try await send(client, method, path, headers: headers, body: body)
        return try await client.readResponse()
    }

    func send(
        _ client: TCPClient, _ method: String, _ path: String, headers: [(String, String)], body: String
    ) async throws {
        var text = "\(method) \(path) HTTP/1.1\r\nhost: localhost\r\nx-request-id: of-a-test\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if method == "POST" || method == "PUT" {
            text += "content-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n"
        }
        try await client.send(text + "\r\n" + body)
    }

    /// Everything that was logged.
    var logged: String { log.text }

    /// How often a decision was counted.
    func count(of decision: String) async throws -> String? {
        let metrics = try await ask("GET", "/metrics", headers: [("x-api-key", Self.key(.viewer))]).text
        let start = "tutti_key_decisions_total{decision=\"\(decision)\"} "
        return metrics.split(separator: "\n").first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    }
}

extension TestResponse {
    /// Everything that a client sees of it, but for the date.
    var seen: String {
        let fields = headers.filter { $0.name.lowercased() != "date" }.map { "\($0.name): \($0.value)" }
        return ([statusLine] + fields + [text]).joined(separator: "\n")
    }
}
