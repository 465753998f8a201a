import Base
import HTTP
import HTTPServer
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Server

@Suite("Pages of other origins", .timeLimit(.minutes(1)))
struct CrossOriginTests {
    private static let app = "https://app.example.org"

    /// Sends a request through the pipeline, for a route that counts how often it ran.
    private func ask(
        _ request: String, origins: [String] = [app], headers: [String] = []
    ) async throws -> (answer: TestResponse, runs: Int) {
        let runs = EventLog<Void>()
        let time = TestClock()
        let routes = [
            Route.simple("POST", "/v1/chat", .chatCompletions, for: .anyone) { _ in
                runs.append(())
                return Response(status: 200, headers: ["content-type": "application/json"], body: Array("{}".utf8))
            },
            Route.simple("GET", "/v1/models", .models, for: .anyone) { exchange in
                Response(status: 200, headers: [:], body: Array(exchange.client.text.utf8))
            },
        ]
        let pipeline = RequestPipeline(
            routes: routes, hostAndOrigin: HostAndOrigin(hosts: [], origins: origins),
            crossOrigin: CrossOrigin(origins: origins, headers: headers, methods: routes.map(\.method)),
            proxies: TrustedProxies([AddressBlock("127.0.0.0/8")].compactMap { $0 }),
            logger: Logger(sink: MemoryLog(), level: .error, time: time),
            metrics: ServerMetrics(knownTargets: [], time: time), drainState: DrainState(), time: time,
            generator: SeededGenerator(seed: 3))
        let answer = try await TestServer.run(
            handler: { request, writer in await pipeline.handle(request, writer) },
            { server in
                let client = try await server.connect()
                try await client.send(request)
                return try await client.readResponse(toHead: request.hasPrefix("HEAD"))
            })
        return (answer, runs.events.count)
    }

    private func preflight(_ origin: String, _ asked: String? = nil, path: String = "/v1/chat") -> String {
        "OPTIONS \(path) HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\nAccess-Control-Request-Method: POST\r\n"
            + (asked.map { "Access-Control-Request-Headers: \($0)\r\n" } ?? "") + "\r\n"
    }

    private func cors(_ answer: TestResponse) -> [String] {
        answer.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("access-control-") }.sorted()
    }

    @Test("a preflight of a configured origin is answered without running the route")
    func preflight() async throws {
        let (answer, runs) = try await ask(preflight(Self.app, "authorization, X-Stainless-OS"))
        #expect(answer.status == 204)
        #expect(runs == 0)
        #expect(answer["access-control-allow-origin"] == Self.app)
        #expect(answer["access-control-allow-methods"] == "OPTIONS, POST")
        #expect(answer["access-control-allow-headers"] == "authorization, X-Stainless-OS")
        #expect(answer["access-control-max-age"] == "600")
        #expect(answer["access-control-allow-credentials"] == nil)
        #expect(answer["vary"]?.contains("origin") == true)
        #expect(answer["content-length"] == nil)
    }

    @Test("what may be sent can be limited")
    func limited() async throws {
        let (answer, _) = try await ask(preflight(Self.app, "x-evil"), headers: ["authorization", "content-type"])
        #expect(answer["access-control-allow-headers"] == "authorization, content-type")
    }

    @Test(
        "a preflight that asks for what is no header's name is not given it",
        arguments: ["a b", "a:b", "é", ",", String(repeating: "a,", count: 70) + "a", "x\u{7f}"])
    func noNames(_ asked: String) async throws {
        let (answer, _) = try await ask(preflight(Self.app, asked))
        #expect(answer["access-control-allow-headers"] == nil)
    }

    @Test(
        "any other origin is refused, without a header of CORS, and nothing runs",
        arguments: [
            "null", "https://evil.example", "https://app.example.org.evil.example", "https://evil-app.example.org",
            "https://app.example.org:8443", "http://app.example.org", "https://app.example.org/", "app.example.org",
            "https://app.example.org@evil.example", "*", "https://sub.app.example.org", "https://\u{212a}", "",
        ])
    func others(_ origin: String) async throws {
        for request in [preflight(origin), "POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n\r\n"] {
            let (answer, runs) = try await ask(request)
            #expect(answer.status == 403)
            #expect(cors(answer) == [])
            #expect(runs == 0)
        }
    }

    @Test("a request of a configured origin is answered with its name, also where it fails")
    func answers() async throws {
        for (path, status) in [("/v1/chat", 200), ("/nowhere", 404)] {
            let (answer, _) = try await ask("POST \(path) HTTP/1.1\r\nHost: localhost\r\nOrigin: \(Self.app)\r\n\r\n")
            #expect(answer.status == status)
            #expect(answer["access-control-allow-origin"] == Self.app)
            #expect(answer["access-control-expose-headers"]?.contains("x-request-id") == true)
            #expect(answer["vary"] == "origin")
        }
        let (answer, _) = try await ask("POST /v1/chat HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer["vary"] == "origin")
        #expect(cors(answer) == [])
    }

    @Test("without configured origins no answer has a header of CORS")
    func none() async throws {
        for request in [
            preflight("http://localhost"), preflight(Self.app),
            "POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n",
        ] {
            let (answer, _) = try await ask(request, origins: [])
            #expect(cors(answer) == [])
            #expect(answer["vary"] == nil)
        }
    }

    @Test(
        "OPTIONS says what a path knows",
        arguments: [
            ("/v1/chat", 204, "OPTIONS, POST"), ("/v1/models", 204, "GET, HEAD, OPTIONS"),
            ("*", 204, "GET, HEAD, OPTIONS, POST"), ("/nowhere", 404, nil),
        ] as [(String, Int, String?)])
    func options(_ path: String, _ status: Int, _ allow: String?) async throws {
        let (answer, runs) = try await ask("OPTIONS \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer.status == status)
        #expect(answer["allow"] == allow)
        #expect(cors(answer) == [])
        #expect(runs == 0)
    }

    @Test("OPTIONS of a foreign host is refused like anything else")
    func foreignHost() async throws {
        let (answer, _) = try await ask("OPTIONS /v1/chat HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        #expect(answer.status == 403)
        #expect(answer["allow"] == nil)
    }

    @Test("an exchange knows its client by the trusted proxy's word, else by the connection")
    func clientAddress() async throws {
        let get = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n"
        #expect(try await ask(get + "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n\r\n").answer.text == "192.0.2.1")
        #expect(try await ask(get + "\r\n").answer.text == "127.0.0.1")
    }
}
