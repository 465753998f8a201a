import Base
import Foundation
import HTTP
import HTTPClient
import JSON
import TestKit
import Testing

@testable import Server

@Suite("What the doctor looks at")
struct DoctorTests {
    /// Answers every call with the same head, or fails each.
    private struct ScriptedCalls: HTTPCalling {
        let result: Result<(status: Int, headers: HTTPHeaders), HTTPClientError>

        final class Nothing: ResponseBody {
            func next() async throws(HTTPClientError) -> [UInt8]? { nil }
            func cancel() {}
        }

        func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
            // A probe says of nobody who asks.
            if request.method != "GET" || request.headers["authorization"] != nil || !request.body.isEmpty {
                throw HTTPClientError(.broken, "not a probe")
            }
            let (status, headers) = try result.get()
            return IncomingResponse(status: status, headers: headers, body: Nothing())
        }
    }

    private static func loaded() throws -> LoadedConfiguration {
        let yaml = """
            providers:
              up: { dialect: openai, base_url: http://up.example/v1, api_key: secret-key-1, models: [a] }
              claude: { dialect: anthropic, base_url: http://claude.example, api_key: secret-key-2, models: [b] }
            models:
              auto: { chain: [up/a] }
            """
        return try Configuration.load(
            file: ConfigurationFile(name: "tutti.yaml", bytes: Array(yaml.utf8)), environment: [:],
            capabilities: ConfigurationCapabilities(
                dialects: [.openai, .anthropic, .local], localModels: [], hasLocalModel: { _ in false }))
    }

    private func probe(_ result: Result<(status: Int, headers: HTTPHeaders), HTTPClientError>) async throws -> [Finding]
    {
        let clock = TestClock(wall: 1_000_000_000_000)
        return await ProviderProbe(client: ScriptedCalls(result: result), time: clock)
            .all(try Self.loaded().configuration.providers)
    }

    @Test(
        "any answer of HTTP shows that a provider is reached; some say more",
        arguments: [(200, "ok"), (401, "ok"), (404, "ok"), (429, "ok"), (302, "warn"), (500, "warn"), (407, "fail")])
    func statuses(_ status: Int, _ state: String) async throws {
        let findings = try await probe(.success((status, [:])))
        #expect(findings.map(\.name) == ["provider/up", "provider/claude"])
        #expect(findings.allSatisfy { $0.state.rawValue == state && ($0.remedy == nil) == (state == "ok") })
    }

    @Test(
        "a clock that is off is told of",
        arguments: [
            ("Sun, 09 Sep 2001 01:46:40 GMT", true), ("Sun, 09 Sep 2001 01:46:15 GMT", true),
            ("Sun, 09 Sep 2001 01:48:00 GMT", false), ("Sun, 09 Sep 2001 00:46:40 GMT", false), ("rubbish", true),
        ])
    func clocks(_ date: String, _ isWell: Bool) async throws {
        let findings = try await probe(.success((401, ["date": date])))
        #expect(findings.allSatisfy { ($0.state == .ok) == isWell })
    }

    @Test(
        "each way in which there is no answer says what to look at",
        arguments: [
            (HTTPClientError.Kind.unreachable, "DNS"), (.tls, "certificates"), (.timeout(.connect), "firewall"),
            (.broken, "port"), (.badAddress, "base_url"),
        ])
    func failures(_ kind: HTTPClientError.Kind, _ word: String) async throws {
        let findings = try await probe(.failure(HTTPClientError(kind, "no")))
        #expect(findings.count == 2)
        #expect(findings.allSatisfy { $0.state == .fail && $0.remedy?.contains(word) == true })
    }

    @Test(
        "dates of headers are read as they must be written, and nothing else is",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Int64?.some(0)), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
            ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("Sun, 06 Nov 1994 25:49:37 GMT", nil), ("", nil),
            ("Sun, 06 Nov -994 08:49:37 GMT", nil), ("Sun, 06 Xyz 1994 08:49:37 GMT", nil),
            ("Fri, 31 Dec 9999 23:59:60 GMT", 253_402_300_800),
        ])
    func dates(_ text: String, _ seconds: Int64?) { #expect(HeaderDate.seconds(text) == seconds) }

    @Test("hashes are SHA-256, however the bytes are cut")
    func hashes() {
        let rows = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ]
        for (text, expected) in rows {
            for piece in [1 << 20, 63, 64, 65] {
                var hash = FileHash()
                var rest = Array(text.utf8)[...]
                while !rest.isEmpty {
                    hash.add(Array(rest.prefix(piece)))
                    rest = rest.dropFirst(piece)
                }
                #expect(hash.hex == expected)
            }
        }
    }

    @Test("the hashes of local models are those that the set-up fetches by")
    func pinned() throws {
        let pins = try Project.text("scripts/setup/pins.sh")
        for hash in InstalledChecks.hashes.values { #expect(pins.contains("MODEL_SHA256=\(hash)")) }
    }

    @Test("few descriptors are told of", arguments: [(64, "fail"), (1024, "warn"), (4096, "ok"), (1_048_576, "ok")])
    func descriptors(_ count: UInt64, _ state: String) {
        #expect(MachineChecks.descriptors(count, connections: 16_384).state.rawValue == state)
    }

    @Test("little memory is told of, and more is wanted for a local model")
    func memory() {
        func state(_ kilobytes: Int, _ isLocal: Bool) -> Finding.State? {
            MachineChecks.memory(
                meminfo: "MemTotal: 9 kB\nMemAvailable:   \(kilobytes) kB\n", hasLocalModel: isLocal)?.state
        }
        #expect(state(100_000, false) == .warn)
        #expect(state(500_000, false) == .ok)
        #expect(state(500_000, true) == .warn)
        #expect(MachineChecks.memory(meminfo: "rubbish", hasLocalModel: true) == nil)
    }

    @Test("a bundle holds no key, whichever way one came into it")
    func bundle() throws {
        let report = Doctor.Report(
            findings: [.fail(.reachable, "provider/up", "it said secret-key-1 and env-token-9", "Say secret-key-2.")],
            loaded: try Self.loaded(),
            server: .init(
                readiness: Array(#"{"status":"secret-key-1"}"#.utf8), metrics: Array("a{b=\"env-token-9\"} 1".utf8)))
        let environment = ["MY_TOKEN": "env-token-9", "TUTTI_SERVER_DATA": "private-place", "HOME": "elsewhere"]
        let bytes = SupportBundle(
            report: report, environment: environment, created: WallTime(milliseconds: 1_000_000_000_000)
        ).bytes
        let text = String(decoding: bytes, as: UTF8.self)
        for secret in ["secret-key", "env-token-9", "private-place", "elsewhere"] { #expect(!text.contains(secret)) }
        let json = try JSON(bytes)
        #expect(json["created"] == "2001-09-09T01:46:40Z")
        #expect(json["environment"] == ["TUTTI_SERVER_DATA": "set"])
        #expect(json["checks"]?[0]?["text"] == "it said *** and ***")
        #expect(json["readiness"]?["status"] == "***")
        #expect(json["metrics"]?.array?.count == 1)
    }

    @Test("the command line of the doctor")
    func commandLine() throws {
        let parsed = try CommandLineParser.parse([
            "doctor", "--offline", "--bundle", "b.json", "--config=c.yaml", "--json",
        ])
        var options = DoctorOptions()
        options.flags.file = "c.yaml"
        options.isOffline = true
        options.bundle = "b.json"
        options.json = true
        #expect(parsed == .doctor(options))
        #expect(try CommandLineParser.parse(["doctor", "--help"]) == .help(.doctor))
        #expect(throws: UsageError.self) { try CommandLineParser.parse(["doctor", "--allow-chaos"]) }
        #expect(throws: UsageError.self) { try CommandLineParser.parse(["doctor", "now"]) }
        #expect(throws: UsageError.self) { try CommandLineParser.parse(["doctor", "--bundle"]) }
    }
}
