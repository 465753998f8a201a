import Base
import Testing

@testable import Server

@Suite("Broken configurations")
struct ConfigurationFuzzTests {
    private static let seed = """
        server: { listen: 127.0.0.1:8080, hosts: [a.example], timeouts: { idle: 1m } }
        log:
          level: info
        providers:
          a: { dialect: openai, base_url: "https://a/v1", api_key: ${CANARY}, models: [m], timeouts: { total: 9s } }
          b: { dialect: openai, base_url: "https://b/v1", api_keys: [${CANARY}, ${NONE}], key_strategy: least_limited,
               resilience: { breaker: { mode: off }, limits: { per_provider: 3 } } }
          local: { dialect: local, model: smollm2 }
        models:
          auto: { chain: [a/m, local/smollm2], window: 4096 }
          spread: { chain: [b/m, { target: local/smollm2, weight: 0.5 }], strategy: least_busy,
                    resilience: { hold: all, degrade: [local], retry: { factor: 1.5 }, timeouts: { first_token: 1s } } }
        resilience: { timeouts: { total: 20s }, hedge: { percentile: 0.9 }, hold: 3, limits: { total: 9 } }
        chaos: { stall: 5s, providers: [a] }
        plans:
          p: { experts: { a: { model: auto, after: [b] }, b: { model: a/m, timeout: 3s, share: 0.5 } },
               fusion: { kind: lead, expert: a }, limits: { tokens: 9, wall_time: 5s }, when: { model: [x, "y*"] } }
          q: { experts: { a: { model: auto }, b: { model: spread } },
               fusion: { kind: best, judge: auto, signals: { agreement: 2, length: { from: 1, to: 9 } } } }
        guards: { input: refuse, patterns: [{ name: t, pattern: 'T[0-9]+' }] }
        runs: { grace: 1s, ring: 99 }
        conversations: { max: 5, ttl: 1m }
        cache: |
          text
        """

    /// Bytes that mean something to YAML or to us.
    private static let pieces: [[UInt8]] =
        [
            "{", "}", "[", "]", ":", ": ", ",", "- ", "? ", "&a ", "*a", "!t ", "\"", "'", "|", ">", "#", "%", "\n",
            "\t", " ",
            "<<", "~", "${", "$${", "}", "\\", "---\n", "...\n", "9999999999999999999", "-1", "\u{feff}", "é",
        ].map { Array($0.utf8) } + [[0], [0xff], [0xc3], [0xed, 0xa0, 0x80]]

    @Test("never trap, never leak, and always say where", arguments: 0..<8 as Range<UInt64>)
    func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<250 {
            var text = Array(Self.seed.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let position = Int.random(in: 0..<text.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: text.remove(at: position)
                case 1:
                    let end = min(text.count, position + Int.random(in: 1...20, using: &generator))
                    text.insert(contentsOf: text[position..<end], at: Int.random(in: 0..<text.count, using: &generator))
                default:
                    text.insert(contentsOf: Self.pieces.randomElement(using: &generator) ?? [], at: position)
                }
            }
            check(text)
        }
    }

    private func check(_ text: [UInt8]) {
        do throws(ConfigurationErrors) {
            let loaded = try Configuration.load(
                file: ConfigurationFile(name: "f", bytes: text), environment: ["CANARY": "sk-canary"],
                capabilities: ConfigurationCapabilities(
                    dialects: [.openai, .local], localModels: ["smollm2"], hasLocalModel: { _ in true }))
            #expect(!ConfigCommand.yaml(loaded.settings).contains("canary"))
            #expect(
                !loaded.configuration.modelNames.isEmpty
                    || loaded.configuration.providers.contains(where: \.allowsAnyModel))
        } catch {
            #expect(!error.problems.isEmpty)
            for problem in error.problems {
                #expect(!problem.description.contains("canary"))
                #expect(problem.sentence.hasSuffix(".") || problem.sentence.hasSuffix("?"))
                #expect(problem.sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
            }
        }
    }
}
