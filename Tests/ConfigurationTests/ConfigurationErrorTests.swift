import Testing

@testable import Server

@Suite("Wrong configurations")
struct ConfigurationErrorTests {
    private static let loopback =
        "server.listen can be reached from other machines, and without keys everyone there could spend yours: make a key "
        + "with `tutti keys new` and put it into auth.keys, or listen on 127.0.0.1:80."
    private static let baseURL =
        "must be http://HOST or https://HOST, with a path perhaps, but without user name, query and fragment."
    private static let providerName =
        "A provider's name must be letters, digits, '.', '_', ':' and '-', at most 64, and none of persona, workflow, "
        + "plan."
    private static let aliasName =
        "A model's name must be letters, digits, '.', '_', ':', '-' and '/', at most 128, and must not start with "
        + "persona/, workflow/, plan/."

    @Test(
        "sections and fixed keys",
        arguments: [
            ("servr: {}", ["tutti.yaml:1:1: Unknown key 'servr'. Did you mean 'server'?"]),
            ("server.listen: x", ["tutti.yaml:1:1: Keys are nested below each other, not joined by dots."]),
            ("zzzzzzzz: 1", ["tutti.yaml:1:1: Unknown key 'zzzzzzzz'."]),
            ("[]", ["tutti.yaml:1:1: The file must be a map of sections, such as server and models."]),
            ("text", ["tutti.yaml:1:1: The file must be a map of sections, such as server and models."]),
            ("server: 1", ["tutti.yaml:1:9: server must be a map of settings."]),
            ("server:\n  timeouts: [1]", ["tutti.yaml:2:13: server.timeouts must be a map of settings."]),
            ("server: { max_bdy: 1 }", ["tutti.yaml:1:11: Unknown key 'max_bdy' in server. Did you mean 'max_body'?"]),
            (
                "server: { timeouts: { idel: 1s } }",
                ["tutti.yaml:1:23: Unknown key 'idel' in server.timeouts. Did you mean 'idle'?"]
            ),
            (
                "server: { listen: 8080 }",
                [
                    "tutti.yaml:1:19: server.listen must be an IP address or localhost with a port, such as "
                        + "127.0.0.1:8080 or [::1]:8080."
                ]
            ),
            ("server: { listen: 0.0.0.0:80 }", ["tutti.yaml:1:19: \(loopback)"]),
            ("server: { listen: '[::]:80' }", ["tutti.yaml:1:19: \(loopback)"]),
            ("server: { data: }", ["tutti.yaml:1:17: server.data must be a folder's path."]),
            (
                "server: { hosts: a.example.org }",
                [
                    "tutti.yaml:1:18: server.hosts must be a list of host names without port, such as [ai.example.org]."
                ]
            ),
            (
                "server:\n  origins: [https://a, '*']",
                [
                    "tutti.yaml:2:12: server.origins must be a list of origins, such as [https://app.example.org]."
                ]
            ),
            (
                "server: { max_body: 10TB, max_connections: 0, drain: 25h }",
                [
                    "tutti.yaml:1:21: server.max_body must be a size from 1KB to 1GB, such as 64KB or 10MB.",
                    "tutti.yaml:1:44: server.max_connections must be a whole number from 1 to 1000000.",
                    "tutti.yaml:1:54: server.drain must be a duration from 0s to 24h, such as 200ms, 5s or 5m.",
                ]
            ),
            ("log: { level: loud }", ["tutti.yaml:1:15: log.level must be one of trace, debug, info, warning, error."]),
            (
                "resilience: { timeouts: { total: 0s } }",
                [
                    "tutti.yaml:1:34: resilience.timeouts.total must be a duration from 1ms to 24h, such as 200ms, 5s "
                        + "or 5m."
                ]
            ),
            ("server: { data: '${NOPE}' }", ["tutti.yaml:1:17: NOPE is not set in the environment."]),
            ("server: { data: '${A}/${EMPTY}' }", ["tutti.yaml:1:17: A, EMPTY are not set in the environment."]),
            (
                "server: { data: '${a-b}' }",
                [
                    "tutti.yaml:1:17: A ${ must go on with a name and }; write $${ for the characters themselves."
                ]
            ),
            ("server: { data: *x }", ["tutti.yaml:1:17: Aliases (*name) are not supported; write the value out."]),
        ] as [(String, [String])])
    func fixedKeys(text: String, expected: [String]) {
        #expect(problems(text, environment: ["EMPTY": ""]) == expected)
    }

    @Test(
        "providers",
        arguments: [
            ("[]", ["1:12: providers must be a map from names to settings."]),
            ("{ a: x }", ["1:17: providers.a must be a map with a dialect."]),
            ("{ a: {} }", ["1:14: providers.a needs a dialect, one of openai, anthropic, local."]),
            ("{ 'a b': {} }", ["1:14: \(providerName)"]),
            ("{ a/b: {} }", ["1:14: \(providerName)"]),
            ("{ persona: {} }", ["1:14: \(providerName)"]),
            (
                "{ a: { dialect: opnai } }",
                ["1:28: providers.a.dialect must be one of openai, anthropic, local. Did you mean 'openai'?"]
            ),
            (
                "{ a: { dialect: openai } }",
                ["1:14: providers.a needs a base_url, such as https://api.example.org/v1."]
            ),
            ("{ a: { dialect: openai, base_url: 'ftp://x' } }", ["1:46: providers.a.base_url \(baseURL)"]),
            ("{ a: { dialect: openai, base_url: 'https://u:p@x' } }", ["1:46: providers.a.base_url \(baseURL)"]),
            ("{ a: { dialect: openai, base_url: 'https://x#y' } }", ["1:46: providers.a.base_url \(baseURL)"]),
            (
                "{ a: { dialect: openai, base_url: 'https://x', api_kee: y } }",
                ["1:59: Unknown key 'api_kee' in providers.a. Did you mean 'api_key' or 'api_keys'?"]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', api_key: [y] } }",
                [
                    "1:68: providers.a.api_key must be the key as text; write ${NAME} to take it from the environment."
                ]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', api_key: 'a b' } }",
                ["1:68: providers.a.api_key must be printable characters without spaces, at most 4096."]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', model: m } }",
                ["1:66: providers.a.model is for the dialect local; write models: [NAME]."]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', models: m } }",
                ["1:67: providers.a.models must be a list of model names, such as [llama-3.1-8b-instant]."]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', allow: all } }",
                ["1:66: providers.a.allow must be any."]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', proxy: 'http://u@h:1' } }",
                [
                    "1:66: providers.a.proxy must be http://, https://, socks5:// or socks5h:// with HOST:PORT, "
                        + "without user name."
                ]
            ),
            (
                "{ a: { dialect: openai, base_url: 'https://x', timeouts: { totl: 1s, connect: 5 } } }",
                [
                    "1:71: Unknown key 'totl' in providers.a.timeouts. Did you mean 'total'?",
                    "1:90: providers.a.timeouts.connect must be a duration from 1ms to 24h, such as 200ms, 5s or 5m.",
                ]
            ),
            (
                "{ a: { dialect: local } }",
                ["1:14: providers.a needs a model, such as model: smollm2, or the path of a GGUF file."]
            ),
            (
                "{ a: { dialect: local, model: '/x/a b.gguf', allow: any } }",
                [
                    "1:42: providers.a.model must be a name or a file's name of letters, digits, '.', '_', ':', '-', "
                        + "'@', '+' and '~'.",
                    "1:64: providers.a.allow has no meaning for the dialect local.",
                ]
            ),
        ] as [(String, [String])])
    func providers(text: String, expected: [String]) {
        #expect(problems("providers: \(text)") == expected.map { "tutti.yaml:\($0)" })
    }

    @Test(
        "models",
        arguments: [
            ("[]", ["1:9: models must be a map from names to settings."]),
            ("{ m: [] }", ["1:14: models.m must be a map with a chain, such as { chain: [openai/gpt-4o-mini] }."]),
            ("{ m: {} }", ["1:11: models.m needs a chain, such as chain: [openai/gpt-4o-mini]."]),
            ("{ persona/x: {} }", ["1:11: \(aliasName)"]),
            ("{ 'a b': {} }", ["1:11: \(aliasName)"]),
            (
                "{ m: { chain: [] } }",
                ["1:23: models.m.chain must be a list of 1 to 16 models, such as [openai/gpt-4o-mini]."]
            ),
            (
                "{ m: { chain: [local/smollm2, gpt] } }",
                ["1:39: models.m.chain must name each model as provider/model, such as openai/gpt-4o-mini."]
            ),
            (
                "{ m: { chain: [gorq/x, lcal/smollm2, zzzzzzz/y] } }",
                [
                    "1:24: models.m.chain names a provider that is not configured. Did you mean 'groq'?",
                    "1:32: models.m.chain names a provider that is not configured. Did you mean 'local'?",
                    "1:46: models.m.chain names a provider that is not configured.",
                ]
            ),
            (
                "{ m: { chain: [local/smollm] } }",
                ["1:24: models.m.chain names a model that providers.local does not list. Did you mean 'smollm2'?"]
            ),
            (
                "{ m: { chain: [local/smollm2], windw: 1, window: none } }",
                [
                    "1:40: Unknown key 'windw' in models.m. Did you mean 'window'?",
                    "1:58: models.m.window must be a whole number of tokens from 1 to 100000000.",
                ]
            ),
        ] as [(String, [String])])
    func models(text: String, expected: [String]) {
        #expect(problems("models: \(text)") == expected.map { "tutti.yaml:\($0)" })
    }

    @Test("a model that its provider does not list is a problem, unless the provider allows any")
    func listedModels() {
        func file(_ allow: String) -> String {
            """
            providers:
              a: { dialect: openai, base_url: https://x, models: [fast, slow]\(allow) }
            models:
              m: { chain: [a/fsat] }
            """
        }
        #expect(
            problems(file("")) == [
                "tutti.yaml:4:16: models.m.chain names a model that providers.a does not list. Did you mean 'fast'?"
            ])
        #expect(problems(file(", allow: any")).isEmpty)
    }

    @Test("everything is told at once, in the order of the lines, then the environment and the flags")
    func allAtOnce() {
        let text = """
            models:
              m: { chain: [nobody/x] }
            server:
              max_body: &big 0
              listen: nowhere
            log: { level: loud }
            log: {}
            """
        let found = problems(
            text, environment: ["TUTTI_SERVER_DRAIN": "soon", "GROQ_MODEL_NAME": "a b"],
            flags: ConfigurationFlags(logLevel: "quiet"))
        #expect(
            found == [
                "tutti.yaml:2:16: models.m.chain names a provider that is not configured.",
                "tutti.yaml:4:13: Anchors (&name) are not supported; write the value out.",
                "tutti.yaml:5:11: server.listen must be an IP address or localhost with a port, such as 127.0.0.1:8080 "
                    + "or [::1]:8080.",
                "tutti.yaml:6:15: log.level must be one of trace, debug, info, warning, error.",
                "tutti.yaml:7:1: This key is here twice. The first is in line 6.",
                "environment GROQ_MODEL_NAME: It must be a model's name, such as llama-3.1-8b-instant.",
                "environment TUTTI_SERVER_DRAIN: server.drain must be a duration from 0s to 24h, such as 200ms, 5s or "
                    + "5m.",
                "flag --log-level: log.level must be one of trace, debug, info, warning, error.",
            ])
    }

    @Test("more problems than anyone reads are cut, and that is said")
    func manyProblems() {
        let found = problems((0..<500).map { "unknown_\($0): 1\n" }.joined())
        #expect(found.count == ConfigurationLoader.problemLimit + 1)
        #expect(found.last == "There are more problems than these.")
    }

    @Test("no models at all is one sentence with both remedies")
    func noModels() {
        let sentence =
            "There are no models at all: set GROQ_API_KEY or OPENAI_API_KEY, or let ./run install the local model."
        #expect(problems(nil, hasLocalModel: false) == [sentence])
        #expect(problems("providers: {}") == [sentence])
        #expect(problems("providers: {}\nmodels: {}") == [sentence])
        #expect(problems("models: { m: { chain: [groq/x] } }", hasLocalModel: false) == [sentence])
        #expect(problems(nil, environment: ["GROQ_API_KEY": "k"], hasLocalModel: false).isEmpty)
        #expect(problems("providers: { a: { dialect: openai, base_url: http://h, allow: any } }").isEmpty)
    }

    @Test("an address beyond loopback is refused wherever it comes from")
    func beyondLoopback() {
        #expect(
            problems(nil, environment: ["TUTTI_SERVER_LISTEN": "192.168.1.2:80"]) == [
                "environment TUTTI_SERVER_LISTEN: \(Self.loopback)"
            ])
        #expect(problems(nil, flags: ConfigurationFlags(listen: "[::]:80")) == ["flag --listen: \(Self.loopback)"])
    }

    @Test("a file that cannot be read is told in one sentence")
    func unreadableFile() {
        func told(_ path: String?) -> [String] {
            do throws(ConfigurationErrors) {
                _ = try Configuration.load(
                    environment: [:], flags: ConfigurationFlags(file: path),
                    capabilities: ConfigurationCapabilities(
                        dialects: [.local], localModels: ["smollm2"], hasLocalModel: { _ in true }))
                return []
            } catch {
                return error.problems.map(\.description)
            }
        }
        for (file, what) in [
            ("/nonexistent/tutti.yaml", "is not there"), ("/", "must be a regular file"),
            ("/dev/zero", "must be a regular file"),
        ] { #expect(told(file) == ["flag --config: The configuration file \(file) \(what)."]) }
    }
}
