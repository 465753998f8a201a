import Base
import Foundation
import Identity
import TestKit
import Testing

@testable import Server

@Suite("How far a reload reaches", .timeLimit(.minutes(5)))
struct ReloadReachTests {
    private static func keys(_ pepper: Pepper) throws -> String {
        let hash = try #require(pepper.hash(Array("a-key-of-more-than-thirty-two-characters".utf8)))
        return "keys: [{ name: a, hash: \"\(hash)\", tenant: t, user: u, role: admin }]"
    }

    @Test("the data folder stays the one of the start, for probes and for the pepper")
    func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-reload-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var start = Configuration()
        start.server.data = folder
        let keys = try Self.keys(try PepperFile.pepper(of: start, making: true))
        let text = { @Sendable (upstream: String, data: String) in
            "server: { data: \"\(data)\" }\nauth: { \(keys) }\n" + RunningApp.plain(upstream)
        }
        try await RunningApp.run({ text($0, folder) }) { running async throws in
            #expect(try await running.send("GET", "/readyz").status == 200)
            running.file.write(text(running.upstream, folder + "/elsewhere"))
            let notice = "server.data takes effect at the next start."
            #expect(await running.app.reload(.signal) == .loaded(changed: ["server.data"], notices: [notice]))
            #expect(try await running.send("GET", "/readyz").status == 200)
        }
    }

    @Test("a larger body finds room, also where there was none for it at the start")
    func bodies() async throws {
        let text = { @Sendable (upstream: String, largest: String) in
            RunningApp.plain(upstream) + "server: { max_memory: 1MB, max_body: \(largest) }\n"
        }
        try await RunningApp.run({ text($0, "1MB") }) { running async throws in
            #expect(try await running.reload(text(running.upstream, "4MB")).status == 200)
            // What is wrong with it is its content.
            let body = "{}" + String(repeating: " ", count: 3 << 20)
            #expect(try await running.send("POST", "/v1/chat/completions", body).status == 400)
        }
    }

    @Test("connections of who has become a proxy are counted no longer")
    func proxies() async throws {
        let pepper = try #require(Pepper(Secret(KeyedServer.pepper)))
        let keys = try Self.keys(pepper)
        let text = { @Sendable (upstream: String, more: String) in
            "server: { max_connections_per_address: 1\(more) }\nauth: { pepper: \(KeyedServer.pepper), \(keys) }\n"
                + RunningApp.plain(upstream)
        }
        try await RunningApp.run({ text($0, "") }) { running async throws in
            let client = try await running.connect()
            defer { client.close() }
            #expect(try await running.send("GET", "/healthz", on: client).status == 200)
            #expect(await (try running.connect()).isClosedByPeer())
            running.file.write(text(running.upstream, ", trusted_proxies: [127.0.0.1]"))
            let paths = ["server.trusted_proxies"]
            #expect(await running.app.reload(.signal) == .loaded(changed: paths, notices: []))
            #expect(try await running.send("GET", "/healthz").status == 200)
            #expect(try await running.send("GET", "/healthz", on: client).status == 200)
        }
    }
}
