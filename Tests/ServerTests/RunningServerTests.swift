import Foundation
import HTTP
import JSON
import TestKit
import Testing

/// Tests of the built server from outside. One after the other: each has a server, some have a model that computes.
@Suite(
    "The running server", .serialized, .timeLimit(.minutes(20)),
    .enabled(if: Project.hasBinary && Project.hasPython))
struct RunningServerTests {
    /// What a `curl` of a document printed: the body, then the status and the content type.
    struct CurlAnswer {
        var status: Int
        var type: String
        var body: String

        init(_ result: CommandResult) throws {
            var lines = result.output.components(separatedBy: "\n")
            let last = lines.removeLast().split(separator: " ", maxSplits: 1)
            status = Int(try #require(last.first, "curl said nothing: \(result.errors)")) ?? 0
            type = last.count > 1 ? String(last[1]) : ""
            body = lines.joined(separator: "\n")
        }

        var json: JSON { get throws { try JSON(Array(body.utf8)) } }

        /// The events' names, of a stream.
        var events: [SSEEvent] {
            get throws {
                var decoder = SSEDecoder()
                decoder.feed(Array(body.utf8))
                var events: [SSEEvent] = []
                while let event = try decoder.next() { events.append(event) }
                return events
            }
        }
    }

    /// Runs a `curl` command as it stands, which must be answered with 200 and JSON, or with a stream that ends well.
    @discardableResult
    private func curl(_ command: String, _ world: ServerWorld) async throws -> CurlAnswer {
        let result = try await world.run(command)
        let answer = try CurlAnswer(result)
        #expect(result.status == 0, "\(command)\n\(result.output)\(result.errors)")
        #expect(answer.status == 200, "\(command)")
        if answer.type.hasPrefix("text/event-stream") {
            let last = try #require(try answer.events.last)
            #expect(last.event == "COMPLETE" || last.data.elementsEqual("[DONE]".utf8), "\(command)\n\(answer.body)")
        } else if answer.type == "application/jsonl" {
            let lines = try answer.body.split(separator: "\n").map { try JSON(Array($0.utf8)) }
            #expect(!lines.isEmpty && lines.allSatisfy { $0["answer"] != nil }, "\(command) gave \(answer.body)")
        } else {
            #expect(answer.type == "application/json", "\(command)")
            guard case .object = try answer.json else {
                Issue.record("\(command) gave no object: \(answer.body)")
                return answer
            }
        }
        return answer
    }

    @Test("the server prints a curl command that works as it stands")
    func announcement() async throws {
        try await ServerWorld.run(.scripted) { world in
            let lines = world.announcement.components(separatedBy: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let command = try #require(lines.first { $0.hasPrefix("curl ") })
            let answer = try await curl(command, world)
            #expect(try answer.json["choices"]?[0]?["message"]?["content"]?.string?.contains("mock answers") == true)
        }
    }

    // MARK: README.md

    @Test("every command of README.md works")
    func readme() async throws {
        let blocks = FencedBlock.all(of: try Project.text("README.md"))
        let yaml = try #require(blocks.first { $0.language == "yaml" }).text
        var seen: Set<String> = []
        try await ServerWorld.run(Project.hasLocalModel ? .local : .scripted) { world in
            try yaml.write(to: world.folder.appending(path: "tutti.yaml"), atomically: true, encoding: .utf8)
            for command in blocks.filter({ $0.language == "sh" }).flatMap({ $0.text.split(separator: "\n") }) {
                seen.insert(String(command.prefix { $0 != " " }))
                if command == "./run" || command == "./test" {
                    // The one has started this server in its place, the other runs this test.
                    let script = Project.root.appending(path: String(command)).path
                    #expect(FileManager.default.isExecutableFile(atPath: script))
                    #expect(try await world.run("bash -n '\(script)'").status == 0)
                } else if command.hasPrefix("curl ") {
                    try await curl(String(command), world)
                } else {
                    let keys = ["GROQ_API_KEY": "none", "OPENAI_API_KEY": "none"]
                    let result = try await world.run(String(command), environment: keys)
                    #expect(result.status == 0, "\(command)\n\(result.errors)")
                    #expect(!result.output.isEmpty, "\(command)")
                }
            }
        }
        #expect(seen.isSuperset(of: ["./run", "./test", "curl", ".build/release/tutti"]))
    }

    @Test("the Python example of README.md works", .enabled(if: Project.hasClientPython))
    func readmePython() async throws {
        let example = try #require(FencedBlock.all(of: try Project.text("README.md")).first { $0.language == "python" })
        try await ServerWorld.run(.scripted) { world in
            let file = world.folder.appending(path: "example.py")
            try example.text.replacing("http://127.0.0.1:8080", with: world.address)
                .write(to: file, atomically: true, encoding: .utf8)
            let result = try await world.run("'\(Project.clientPython)' '\(file.path)'")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output == "The mock answers: one two three.")
        }
    }

    // MARK: docs/api.md

    @Test("every command of docs/api.md works, and answers have the documented members")
    func api() async throws {
        let document = try Project.text("docs/api.md")
        let blocks = FencedBlock.all(of: document)
        let shown = try blocks.filter { $0.language == "json" }.map { try JSON(Array($0.text.utf8)) }
        try await ServerWorld.run(.scripted) { world in
            for command in blocks.filter({ $0.language == "sh" }).flatMap({ $0.text.split(separator: "\n") }) {
                let answer = try await curl(String(command), world)
                if answer.type == "application/json", command.contains("/api/orchestrator/chat") {
                    let members = try answer.json.object?.map(\.key)
                    #expect(shown.contains { $0.object?.map(\.key) == members }, "\(answer.body)")
                    let metrics = try answer.json["metrics"]?.object?.map(\.key)
                    #expect(shown.contains { $0["metrics"]?.object?.map(\.key) == metrics }, "\(answer.body)")
                }
                let events = answer.type.hasPrefix("text/event-stream") ? try answer.events : []
                for name in events.compactMap(\.event) {
                    #expect(document.contains("| `\(name)` |"), "docs/api.md does not know the event \(name)")
                }
            }
        }
    }

    /// What routes answer that want more than a GET, or a body of JSON that is wrong.
    private static let particular = [
        "/api/orchestrator/bulk": 415, "/api/orchestrator/ws": 426, "/api/orchestrator/runs/auto/events": 404,
    ]

    @Test("every route of docs/api.md is there, and says 404 for a path that is not")
    func routes() async throws {
        let route = try Regex("`(GET|POST) (/[^`]*)`")
        var found: [(method: Substring, path: String)] = []
        for row in try Project.text("docs/api.md").components(separatedBy: "\n") where row.hasPrefix("| `") {
            for match in row.matches(of: route) {
                let method = try #require(match.output[1].substring)
                let path = try #require(match.output[2].substring)
                found.append((method, String(path).replacing("{id}", with: "auto")))
            }
        }
        #expect(found.count >= 8)
        try await ServerWorld.run(.scripted) { world in
            func status(_ method: Substring, _ path: String) async throws -> Int {
                let data = method == "POST" ? " -H 'content-type: application/json' -d '[]'" : ""
                let command = "curl -X \(method) '\(world.address)\(path)'\(data) || true"
                return try CurlAnswer(try await world.run(command)).status
            }
            for (method, path) in found {
                let answered = try await status(method, path)
                let expected = Self.particular[path] ?? (method == "GET" ? 200 : 400)
                #expect(answered == expected, "\(method) \(path)")
                let refused = try await status(method == "GET" ? "POST" : "GET", path)
                #expect(refused == 405, "\(path) with another method")
            }
            let unknown = try await status("GET", "/v1/nothing")
            #expect(unknown == 404)
        }
    }

    // MARK: Clients

    /// Runs a suite of `Tests/Clients` and prints its closing line.
    private func clients(_ suite: String) async throws {
        #expect(try await PythonSuite.passes("clients, \(suite)", "Tests/Clients/run_clients.py", [suite]))
    }

    @Test(
        "the official OpenAI client against the scripted upstream",
        .enabled(if: Project.hasClientPython))
    func scriptedClients() async throws { try await clients("mock") }

    @Test(
        "the official clients of both dialects, each on the other's upstream, with embeddings and Responses",
        .enabled(if: Project.hasClientPython), arguments: ["anthropic", "cross", "embeddings", "responses"])
    func scriptedClients(suite: String) async throws { try await clients(suite) }

    @Test(
        "every recorded exchange, replayed as an upstream through the whole server", .enabled(if: Project.hasRecordings)
    )
    func replay() async throws {
        let result = try await PythonSuite.run("Tests/Clients/replay.py", ["--cost"])
        print(result.output)
        #expect(result.status == 0, "\(result.output.suffix(4000))\(result.errors.suffix(2000))")
    }

    @Test(
        "the official OpenAI client against the local model",
        .enabled(if: Project.hasClientPython && Project.hasLocalModel))
    func localClients() async throws { try await clients("local") }

    @Test(
        "schemathesis finds nothing in what /openapi.json promises", .enabled(if: Project.hasClientPython),
        .timeLimit(.minutes(3)))
    func contract() async throws { try await clients("contract") }

    @Test("no secret that goes in comes out, and made-up words make no series", .timeLimit(.minutes(5)))
    func canaries() async throws { try await clients("canaries") }

    @Test("connections of resumable runs are lost at random moments, and no event with them")
    func reconnects() async throws { try await clients("reconnects") }

    @Test("many turns in one request, and the commands for it") func bulk() async throws { try await clients("bulk") }

    @Test("plans, fusions, guards, conversations, cancelling, times and the commands for them")
    func orchestra() async throws { try await clients("orchestra") }

    @Test("bad input, bad upstreams, hostile pages, signals and starts that must fail")
    func blackBox() async throws { try await clients("black-box") }

    @Test("slow, silent, broken and too many clients, and mixed load, each proof in small")
    func abuse() async throws { try await clients("abuse") }
}
