import Base
import Foundation
import HTTP
import TestKit
import Testing

@testable import HTTPServer

/// Compressed answers.
@Suite(.timeLimit(.minutes(1))) struct GzipTests {
    private static let json: HTTPHeaders = ["content-type": "application/json"]

    private static func body(_ count: Int) -> [UInt8] {
        Array(String(repeating: #"{"name":"value","number":12345},"#, count: count / 31 + 1).utf8.prefix(count))
    }

    /// What gzip makes of it.
    private func unpacked(_ bytes: [UInt8]) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "gzip-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = ["-dc"]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return Array(data)
    }

    private func ask(
        _ response: Response, method: String = "GET", accepting: String?, from size: Int = 1000
    ) async throws -> TestResponse {
        var limits = ServerLimits()
        limits.gzipFrom = size
        return try await TestServer.run(limits: limits, answer: { _ in response }) { server in
            let client = try await server.connect()
            let field = accepting.map { "Accept-Encoding: \($0)\r\n" } ?? ""
            try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
            return try await client.readResponse(toHead: method == "HEAD")
        }
    }

    @Test(arguments: [1000, 20_000, 300_000])
    func `larger JSON goes out in gzip to who takes it`(_ count: Int) async throws {
        let body = Self.body(count)
        let answer = try await ask(Response(status: 200, headers: Self.json, body: body), accepting: "gzip")
        #expect(answer["content-encoding"] == "gzip")
        #expect(answer["vary"] == "accept-encoding")
        #expect(answer.body.count < count / 3)
        #expect(try unpacked(answer.body) == body)
    }

    @Test func `a JSON schema is JSON`() async throws {
        let body = Self.body(5000)
        let headers: HTTPHeaders = ["content-type": "application/schema+json"]
        let answer = try await ask(Response(status: 200, headers: headers, body: body), accepting: "gzip")
        #expect(answer["content-encoding"] == "gzip")
        #expect(try unpacked(answer.body) == body)
    }

    @Test func `a body that is kept is compressed once, and one that saves nothing is not tried again`() async throws {
        let body = Self.body(5000)
        let kept = KeptBody(body)
        for accepting in ["gzip", "br", "gzip"] {
            let answer = try await ask(Response(status: 200, headers: Self.json, kept: kept), accepting: accepting)
            #expect(try answer["content-encoding"] == nil ? answer.body == body : unpacked(answer.body) == body)
        }
        for result in [[1, 2, 3], nil] as [[UInt8]?] {
            let kept = KeptBody(body)
            var calls = 0
            for _ in 0..<3 {
                let found = await kept.compressed { _ in
                    calls += 1
                    return result
                }
                #expect(found == result)
            }
            #expect(calls == 1)
        }
        var changed = Response(status: 200, headers: Self.json, kept: kept)
        changed.body = Self.body(2000)
        #expect(try unpacked(try await ask(changed, accepting: "gzip").body) == Self.body(2000))
    }

    @Test func `HEAD has the head of GET`() async throws {
        let response = Response(status: 200, headers: Self.json, body: Self.body(5000))
        for accepting in ["gzip", "br"] {
            let get = try await ask(response, accepting: accepting)
            let head = try await ask(response, method: "HEAD", accepting: accepting)
            #expect(head["content-length"] == "\(get.body.count)")
            #expect(head.headers.map(\.name) == get.headers.map(\.name))
        }
    }

    @Test func `others get the plain bytes, and caches are told`() async throws {
        let body = Self.body(5000)
        for accepting in [nil, "br", "gzip;q=0", "identity"] {
            let answer = try await ask(Response(status: 200, headers: Self.json, body: body), accepting: accepting)
            #expect(answer.body == body)
            #expect(answer["content-encoding"] == nil)
            #expect(answer["vary"] == "accept-encoding")
        }
    }

    @Test(arguments: [
        (200, "application/json", 999, "x"), (404, "application/json", 5000, "x"), (200, "text/plain", 5000, "x"),
        (200, "application/json", 5000, "content-encoding"), (200, "application/json", 5000, "cache-control"),
        (204, "application/json", 5000, "x"),
    ])
    func `small, failed, coded and other answers stay as they are`(
        _ status: Int, _ type: String, _ count: Int, _ field: String
    ) async throws {
        let headers: HTTPHeaders = ["content-type": type, field: "no-transform"]
        let answer = try await ask(
            Response(status: status, headers: headers, body: Self.body(count)), accepting: "gzip")
        #expect(answer.body == (status == 204 ? [] : Self.body(count)))
        #expect(answer["vary"] == nil)
    }

    @Test func `what does not get smaller goes out plain`() async throws {
        var random = SeededGenerator(seed: 6)
        let noise = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let answer = try await ask(Response(status: 200, headers: Self.json, body: noise), accepting: "gzip")
        #expect(answer.body == noise)
        #expect(answer["content-encoding"] == nil)
        #expect(GzipFormat.compressed([]) == nil)
    }

    @Test func `random bodies come back as they were`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20 {
            let alphabet = Int.random(in: 1...40, using: &random)
            let body = (0..<Int.random(in: 1...50_000, using: &random)).map { _ in
                UInt8.random(in: 0...UInt8(alphabet), using: &random)
            }
            guard let packed = GzipFormat.compressed(body) else { continue }
            #expect(packed.count <= body.count)
            #expect(try unpacked(packed) == body)
        }
    }
}
