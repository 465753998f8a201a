import Foundation
import JSON
import Testing

@testable import Server

@Suite("The command line")
struct CommandLineParserTests {
    @Test(
        "what is understood",
        arguments: [
            ("", .help(.tutti)), ("--help", .help(.tutti)), ("-h", .help(.tutti)), ("help", .help(.tutti)),
            ("help serve", .help(.serve)), ("serve --help", .help(.serve)), ("chat -h", .help(.chat)),
            ("config --help", .help(.config)), ("config show --help", .help(.config)), ("--json", .help(.tutti)),
            ("models", .models(.init())),
            ("models --config x --json", .models(.init(flags: .init(file: "x"), json: true))),
            ("keys new", .keys(.init(action: .new))), ("keys --help", .help(.keys)), ("help keys", .help(.keys)),
            (
                "keys hash --data d --config c --json",
                .keys(.init(action: .hash, flags: .init(file: "c", data: "d"), json: true))
            ),
            ("version", .version(.init())), ("--version", .version(.init())),
            ("version --json", .version(.init(json: true))),
            ("--json version", .version(.init(json: true))), ("version --help", .help(.version)),
            ("serve", .serve(.init())),
            (
                "serve --config a.yaml --listen [::1]:1 --data=/d --log-level debug --json",
                .serve(
                    .init(
                        flags: .init(file: "a.yaml", listen: "[::1]:1", data: "/d", logLevel: "debug"), json: true))
            ),
            ("serve --allow-chaos", .serve(.init(flags: .init(allowChaos: true)))),
            ("config check --allow-chaos", .config(.init(action: .check, flags: .init(allowChaos: true)))),
            ("serve --data=a=b", .serve(.init(flags: .init(data: "a=b")))),
            ("config check", .config(.init(action: .check))),
            (
                "config --config x --json show",
                .config(.init(action: .show, flags: .init(file: "x"), json: true))
            ),
            ("config show --effective", .config(.init(action: .show))),
            ("chat", .chat(.init())), ("chat hi", .chat(.init(message: "hi"))),
            ("chat hi --model m --persona p", .chat(.init(message: "hi", model: "m", persona: "p"))),
            ("chat --model m -- --json", .chat(.init(message: "--json", model: "m"))),
            ("chat -", .chat(.init(message: "-"))), ("chat --timing", .chat(.init(timing: true))),
            ("bulk f", .bulk(.init(file: "f"))), ("bulk - --after 3", .bulk(.init(after: 3))),
            ("bulk f --parallel=9 --after=0", .bulk(.init(file: "f", parallel: 9))),
            ("stats", .stats(.init())), ("stats --json", .stats(.init(json: true))), ("help stats", .help(.stats)),
        ] as [(String, Command)])
    func understood(line: String, expected: Command) throws {
        #expect(try CommandLineParser.parse(line.split(separator: " ").map(String.init)) == expected)
    }

    @Test(
        "what is not, and what to do about it",
        arguments: [
            ("keys", .keys, "keys needs one of new, hash."),
            ("keys tutti_0", .keys, "keys takes new or hash; a key comes from standard input."),
            ("keys hash tutti_0", .keys, "A key is no argument: it comes from standard input."),
            ("keys new --listen x", .keys, "Unknown option '--listen'."),
            ("serv", .tutti, "Unknown command 'serv'. Did you mean 'serve'?"),
            ("chta hi", .tutti, "Unknown command 'chta'. Did you mean 'chat'?"),
            ("frobnicate", .tutti, "Unknown command 'frobnicate'."),
            ("--frobnicate", .tutti, "Unknown option '--frobnicate'."),
            ("serve --lisen x", .serve, "Unknown option '--lisen'. Did you mean '--listen'?"),
            ("serve --model x", .serve, "Unknown option '--model'."),
            ("serve -x", .serve, "Unknown option '-x'."),
            ("serve --listen", .serve, "--listen needs a value."),
            ("serve --listen=", .serve, "--listen needs a value."),
            ("serve --listen --json", .serve, "--listen needs a value."),
            ("serve --allow-chaos=yes", .serve, "--allow-chaos takes no value."),
            ("serve --alow-chaos", .serve, "Unknown option '--alow-chaos'. Did you mean '--allow-chaos'?"),
            ("chat --allow-chaos", .chat, "Unknown option '--allow-chaos'."),
            ("serve --data a --data b", .serve, "--data is given twice."),
            ("serve now", .serve, "Unexpected argument 'now'."),
            (
                "serve --api-key=sk-1", .serve,
                "Unknown option '--api-key'. Secrets are never flags; set them in the environment, such as "
                    + "OPENAI_API_KEY."
            ),
            ("bulk", .bulk, "bulk needs a file of JSON Lines, or - for standard input."),
            ("bulk a b", .bulk, "Unexpected argument 'b'."),
            ("bulk a --after x", .bulk, "--after takes a number from 0 to 2147483647."),
            ("bulk a --parallel 65", .bulk, "--parallel takes a number from 1 to 64."),
            ("chat two words", .chat, "One message at a time: put it in quotes."),
            ("config", .config, "config needs one of check, show."),
            ("config chek", .config, "Unknown command 'config chek'. Did you mean 'check'?"),
            ("config check --effective", .config, "--effective is for config show."),
            ("serve --effective", .serve, "Unknown option '--effective'."),
            ("config check show", .config, "Unexpected argument 'show'."),
            ("version 2", .version, "Unexpected argument '2'."),
            ("help sevre", .tutti, "There is no help about 'sevre'. Did you mean 'serve'?"),
        ] as [(String, HelpTopic, String)])
    func notUnderstood(line: String, topic: HelpTopic, sentence: String) {
        #expect(throws: UsageError(sentence: sentence, topic: topic)) {
            try CommandLineParser.parse(line.split(separator: " ").map(String.init))
        }
    }

    @Test("a message shows nothing that acts on a terminal, and not much of it")
    func hostileArguments() {
        #expect(throws: UsageError(sentence: "Unknown command '?[31mx?'.", topic: .tutti)) {
            try CommandLineParser.parse(["\u{1b}[31mx\n"])
        }
        #expect(throws: UsageError(sentence: "Unknown command '\(String(repeating: "x", count: 40))…'.", topic: .tutti))
        {
            try CommandLineParser.parse([String(repeating: "x", count: 10_000)])
        }
    }

    @Test(
        "the exit code says how it went",
        arguments: [
            (["version"], 0), (["help"], 0), (["serv"], 2), (["config", "check", "--config", "/nonexistent"], 2),
            (["config", "check", "--config", "/nonexistent", "--json"], 2),
            (["serve", "--config", "/nonexistent"], 2),
        ] as [([String], Int32)])
    func exitCodes(arguments: [String], code: Int32) async {
        #expect(await TuttiCommand.run(arguments, environment: [:]) == code)
    }

    @Test("every help starts with examples, and each example of a command is understood", arguments: HelpTopic.allCases)
    func help(topic: HelpTopic) throws {
        let lines = HelpText.text(topic).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let start = try #require(lines.firstIndex(of: "Examples"))
        #expect(start <= 2)
        #expect(lines.allSatisfy { $0.count <= 120 })
        for line in lines[(start + 1)...].prefix(while: { !$0.isEmpty }) {
            let command = try #require(line.range(of: "tutti ")).upperBound
            var words = line[command...].split(separator: "  ").first.map(String.init) ?? ""
            // A quoted message is one word.
            let quoted = words.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
            if quoted.count == 3 { words = quoted[0] + "message" + quoted[2] }
            _ = try CommandLineParser.parse(words.split(separator: " ").map(String.init))
        }
    }
}

@Suite("What the command line prints of a configuration")
struct ConfigCommandTests {
    private static let text = """
        server: { hosts: [a.example, b.example], data: "/with space/#1" }
        providers:
          a.b:c: { dialect: openai, base_url: "http://[::1]:9/v1", api_key: literal-key, models: [x/y:z], allow: any,
                   proxy: "socks5h://p:1080", usage: never, timeouts: { total: 9s } }
          pool: { dialect: openai, base_url: https://p, api_keys: [literal-key, "${SECOND}"], key_strategy: round_robin,
                  resilience: { timeouts: { first_token: 2s }, breaker: { mode: forced_open }, limits: { queue: 0 } } }
          local: { dialect: local, model: "./models/my file.gguf" }
        models:
          best/of: { chain: ["a.b:c/x/y:z"], window: 4096 }
          spread: { chain: [pool/x, { target: "a.b:c/x/y:z", weight: 2.5 }, { target: pool/y, weight: 3 }],
                    strategy: weighted,
                    resilience: { retry: { factor: 1.5 }, hold: all, degrade: [text], degraded_text: "Later: #1\\n\\"please\\"" } }
        resilience: { timeouts: { total: 10s }, retry: { initial_delay: 30s }, limits: { total: 5 }, hedge: { enabled: true } }
        chaos: { error_rate: 0.25, providers: [pool] }
        """

    @Test("config show is YAML that means the same, but for the masked keys")
    func showReadsBack() throws {
        let file = Self.text.replacingOccurrences(of: "my file", with: "my-file")
        let chaos = ConfigurationFlags(allowChaos: true)
        let loaded = try load(file, environment: ["SECOND": "literal-key2"], flags: chaos)
        let shown = ConfigCommand.yaml(loaded.settings)
        #expect(!shown.contains("literal-key"))
        // The pool's second key is the last of the masked ones.
        var keys = ["literal-key", "literal-key", "literal-key2"][...]
        let unmasked = shown.components(separatedBy: "***").reduce(nil as String?) { text, piece in
            text.map { $0 + (keys.popFirst() ?? "") + piece } ?? piece
        }
        let again = try load(unmasked ?? "", flags: chaos)
        #expect(again.configuration == loaded.configuration)
        #expect(ConfigCommand.yaml(again.settings).split(separator: "\n").count == shown.split(separator: "\n").count)
    }

    @Test("config show gives every value and its source")
    func show() throws {
        let loaded = try load("log: { level: error }", environment: ["GROQ_API_KEY": "k"])
        let lines = ConfigCommand.yaml(loaded.settings).split(separator: "\n").map(String.init)
        func has(_ start: String, _ end: String) -> Bool { lines.contains { $0.hasPrefix(start) && $0.hasSuffix(end) } }
        #expect(has("  listen: 127.0.0.1:8080  ", "  # default"))
        #expect(has("  level: error  ", "  # tutti.yaml:1:15"))
        #expect(has("    api_key: \"***\"  ", "  # environment GROQ_API_KEY"))
        #expect(has("    chain: [groq/llama-3.1-8b-instant]  ", "  # default"))
        #expect(loaded.settings.count > ConfigurationKey.all.count)
    }

    @Test("a weight is shown with its model")
    func weights() throws {
        let text = "models: { m: { chain: [local/smollm2, { target: local/smollm2, weight: 3 }] } }"
        let loaded = try load(text)
        let setting = try #require(loaded.settings.first { $0.path == ["models", "m", "chain"] })
        #expect(setting.text == "[local/smollm2, { target: local/smollm2, weight: 3 }]")
        guard case .array(let settings)? = ConfigCommand.json(loaded)["settings"] else {
            Issue.record("no settings")
            return
        }
        let member: JSON = ["target": "local/smollm2", "weight": 3.0]
        #expect(
            settings.contains([
                "path": "models.m.chain", "value": ["local/smollm2", member], "source": "tutti.yaml:1:23",
            ]))
    }

    @Test("the same as JSON")
    func json() throws {
        let loaded = try load("cache: {}", environment: ["GROQ_API_KEY": "k"])
        let json = ConfigCommand.json(loaded)
        let first: JSON = ["path": "server.listen", "value": "127.0.0.1:8080", "source": "default"]
        guard case .array(let settings)? = json["settings"] else {
            Issue.record("no settings")
            return
        }
        #expect(settings.first == first)
        #expect(settings.contains(["path": "server.hosts", "value": [], "source": "default"]))
        #expect(
            settings.contains([
                "path": "providers.groq.api_key", "value": "***", "source": "environment GROQ_API_KEY",
            ]))
        #expect(json["notices"] == .array(loaded.notices.map { .string($0) }))
    }

    @Test("problems as JSON have their place in parts")
    func jsonProblems() {
        let problems = [
            ConfigurationProblem(source: .file(name: "f", line: 2, column: 3), sentence: "No."),
            ConfigurationProblem(source: .flag(name: "--listen"), sentence: "Never."),
            ConfigurationProblem(source: nil, sentence: "Nothing."),
        ]
        let expected: JSON = [
            "ok": false,
            "errors": [
                ["message": "No.", "source": "f:2:3", "file": "f", "line": 2, "column": 3],
                ["message": "Never.", "source": "flag --listen"], ["message": "Nothing."],
            ],
            "notices": [],
        ]
        #expect(ConfigCommand.json(problems: problems, notices: []) == expected)
        #expect(ConfigCommand.json(problems: [], notices: ["x"])["ok"] == true)
    }

    @Test("a file's name cannot break out of its comment")
    func hostileFileName() {
        let setting = EffectiveSetting(
            ["server", "data"], ["x"], source: .file(name: "a\nserver: {}", line: 1, column: 1))
        #expect(ConfigCommand.yaml([setting]).split(separator: "\n").count == 2)
    }
}
