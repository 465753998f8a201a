import Base
import Foundation
import HTTP
import HTTPServer
import TestKit
import Testing

/// The protocol's own test suite, against a socket that says back what it hears. Its client is for an interpreter that
/// few have; `scripts/prove autobahn` looks for one and sets these.
@Suite("Autobahn", .enabled(if: AutobahnClient.command != nil))
struct AutobahnTests {
    private struct Case: Decodable {
        let behavior: String
        let behaviorClose: String
    }

    @Test("finds every case of sections 1 to 7, 9 and 10 as it should be")
    func cases() async throws {
        let command = try #require(AutobahnClient.command)
        var limits = WebSocketLimits()
        limits.maxMessage = 16 << 20
        let settings = limits
        try await TestServer.run(
            handler: { request, writer in
                guard let handshake = try? WebSocketHandshake(request.head) else {
                    return await writer.send(.text("no socket", status: 400))
                }
                return await writer.upgrade(handshake, limits: settings) { socket in
                    while let message = await socket.receive() {
                        switch message {
                        case .text(let text): try? await socket.send(texts: [text])
                        case .binary(let bytes): try? await socket.send(binary: bytes)
                        }
                    }
                    return .normal()
                }
            }
        ) { server in
            let port = server.port
            try await offLoop { try AutobahnClient.run(command, port: port) }
        }
        let report = try Data(contentsOf: URL(filePath: AutobahnClient.folder).appending(path: "index.json"))
        let agents = try JSONDecoder().decode([String: [String: Case]].self, from: report)
        let cases = try #require(agents["Tutti"])
        let good: Set = ["OK", "INFORMATIONAL"]
        for (name, found) in cases where !good.contains(found.behavior) || !good.contains(found.behaviorClose) {
            Issue.record("case \(name): \(found.behavior), close \(found.behaviorClose)")
        }
        #expect(cases.count > 200)
        print("autobahn: \(cases.count) cases")
    }
}

/// The suite's fuzzing client.
private enum AutobahnClient {
    /// What runs it; its arguments follow.
    static let command = ProcessInfo.processInfo.environment["AUTOBAHN_COMMAND"]
    /// Where its report goes.
    static let folder = ProcessInfo.processInfo.environment["AUTOBAHN_FOLDER"] ?? ""

    static func run(_ command: String, port: UInt16) throws {
        let sections = [1, 2, 3, 4, 5, 6, 7, 9, 10].map { "\"\($0).*\"" }.joined(separator: ", ")
        let specification = """
            {"options": {"failByDrop": false}, "outdir": "\(folder)", "cases": [\(sections)], "exclude-cases": [],
             "exclude-agent-cases": {}, "servers": [{"agent": "Tutti", "url": "ws://127.0.0.1:\(port)"}]}
            """
        let file = URL(filePath: folder).appending(path: "cases.json")
        try Data(specification.utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "exec \(command) -m fuzzingclient -s \"$0\"", file.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
