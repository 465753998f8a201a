import Base
import Testing

@testable import Server

@Suite("Secrets stay secret")
struct SecretKeepingTests {
    private static let canary: String = "sk-canary0123456789"

    /// Files with the canary where a key belongs and where a slip puts it.
    private static let files: [String] = [
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_key: \(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_key: ${CANARY} } }",
        "providers: { a: { dialect: openai, base_url: http://a.example, models: [m], api_key: ${CANARY} } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_key:\(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], \(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_kee: \(canary) } }",
        "providers: { a: { dialect: openai, base_url: \(canary), api_key: x } }",
        "providers: { a: { dialect: openai, base_url: https://u:\(canary)@a, api_key: x } }",
        "providers: { a: { dialect: openai, base_url: https://a, proxy: http://u:\(canary)@a } }",
        "providers: { a: { dialect: openai, base_url: https://a, api_key: '\(canary) x' } }",
        "providers: { a: { dialect: openai, base_url: https://a, api_key: [\(canary)] } }",
        "providers: { a: { dialect: \(canary) } }",
        "providers: { a: \(canary) }",
        "providers: \(canary)",
        "providers: { a: { dialect: openai, base_url: https://a, timeouts: { total: \(canary) } } }",
        "providers: { a: { dialect: openai, base_url: https://a, allow: \(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_keys: [\(canary), ${CANARY}, \(canary)] } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_keys: [${CANARY}], api_key: \(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_keys: \(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], api_keys: [[\(canary)], '\(canary) x'] } }",
        "providers: { a: { dialect: openai, base_url: https://a, models: [m], key_strategy: \(canary) } }",
        "providers: { a: { dialect: openai, base_url: https://a, resilience: { \(canary): { x: \(canary) } } } }",
        "providers: { a: { dialect: openai, base_url: https://a, resilience: { timeouts: { total: \(canary) } } } }",
        "models: { m: { chain: [{ target: \(canary), weight: \(canary) }], strategy: \(canary) } }",
        "models: { m: { chain: [{ \(canary): 1 }], resilience: { hold: \(canary), degrade: [\(canary)] } } }",
        "resilience: { hold: \(canary), degrade: [\(canary)], midstream: \(canary), limits: { total: \(canary) } }",
        "auth: { pepper: \(canary), mode: \(canary), keys: \(canary) }",
        "auth: { pepper: ${CANARY}-${CANARY}, keys: [{ name: \(canary)/, hash: \(canary), role: \(canary) }] }",
        "auth: { pepper: \(canary)\(canary), keys: [{ \(canary): x, expires: \(canary), revoked: \(canary) }] }",
        "auth: { pepper: \(canary)\(canary) }",
        "chaos: { error_rate: \(canary), providers: [\(canary)] }",
        "models: { m: { chain: [\(canary)] } }",
        "models: { m: { chain: [\(canary)/x] } }",
        "models: { m: { chain: [local/\(canary)] } }",
        "models: { m: { chain: [local/smollm2], window: \(canary) } }",
        "server: { listen: \(canary) }",
        "server: { listen: ${CANARY} }",
        "server: { max_body: ${CANARY}, drain: ${CANARY}, hosts: [\"${CANARY}/\"], origins: [${CANARY}] }",
        "log: { level: ${CANARY} }",
        "\(canary): 1",
        "\(canary)",
        "a: \"\(canary)",
        "api_key:\(canary)\nb: [",
        "a: &x \(canary)\nb: *x",
        "a: ${\(canary)}",
        "server: { data: '${\(canary)}' }",
    ]

    @Test("no problem, notice or listing shows a key", arguments: SecretKeepingTests.files)
    func staysSecret(file: String) {
        var outputs: [String] = []
        do throws(ConfigurationErrors) {
            let loaded = try load(file, environment: ["CANARY": Self.canary], isWorldReadable: true)
            outputs = [
                ConfigCommand.yaml(loaded.settings), "\(ConfigCommand.json(loaded))", "\(loaded.configuration)",
                String(reflecting: loaded.configuration), "\(loaded.notices)",
            ]
            var dumped = ""
            dump(loaded, to: &dumped)
            outputs.append(dumped)
        } catch {
            outputs = [
                error.description, String(reflecting: error),
                "\(ConfigCommand.json(problems: error.problems, notices: []))",
            ]
        }
        for output in outputs { #expect(!output.contains("canary")) }
    }

    @Test("keys in the environment and in flags stay secret too")
    func environmentAndFlags() {
        let texts = ["server.data", "server.hosts", "resilience.degraded_text", "server.cors.headers"]
        for key in ConfigurationKey.all where !texts.contains(key.path) {
            let found = problems(nil, environment: [key.variable: Self.canary])
            #expect(found.count == 1)
            #expect(!found.joined().contains("canary"))
        }
        let flags = ConfigurationFlags(listen: Self.canary, logLevel: Self.canary)
        #expect(problems(nil, flags: flags).count == 2)
        #expect(!problems(nil, flags: flags).joined().contains("canary"))
    }

    @Test("the key itself arrives")
    func arrives() throws {
        let loaded = try load(Self.files[1], environment: ["CANARY": Self.canary])
        guard case .remote(let remote)? = loaded.configuration.provider("a")?.service else {
            Issue.record("a is there")
            return
        }
        #expect(remote.apiKeys.first?.reveal() == Self.canary)
    }

    @Test("a key written out in a file that everyone may read is warned of; a reference is not")
    func worldReadable() throws {
        let warning =
            "tutti.yaml:1:79: providers.a.api_key is written out in a file that everyone on this machine can read; run "
            + "chmod 600 on it, or write ${NAME} and set the key in the environment."
        #expect(try load(Self.files[0], isWorldReadable: true).notices == [warning])
        #expect(try load(Self.files[0], isWorldReadable: false).notices.isEmpty)
        #expect(try load(Self.files[1], environment: ["CANARY": "x"], isWorldReadable: true).notices.isEmpty)
    }

    @Test(
        "a key over plain http to another machine is warned of",
        arguments: [
            ("http://a.example", true), ("https://a.example", false), ("http://localhost:1", false),
            ("http://127.0.0.1:1", false), ("'http://[::1]:1'", false), ("http://10.0.0.1", true),
        ])
    func plainHTTP(url: String, warns: Bool) throws {
        let text = "providers: { a: { dialect: openai, base_url: \(url), models: [m], api_key: x } }"
        let warning = "Provider a gets its key over plain http, readable on the way; use https."
        #expect(try load(text).notices == (warns ? [warning] : []))
    }
}
