import Foundation
import JSON
import Models
import Testing

@testable import Server

@Suite("The JSON Schema of the configuration")
struct ConfigurationSchemaTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Compiled by the validator that checks models' answers, with patterns as they are written.
    private static func schema() throws -> JSONSchema {
        let document = try JSONDocument(ConfigurationSchema.bytes)
        return try JSONSchema(compiling: document.root, param: "schema") { pattern in
            { text in (try? Regex(pattern).firstMatch(in: String(decoding: text, as: UTF8.self))) ?? nil != nil }
        }
    }

    /// Whether the schema accepts a text as `tutti.yaml`.
    private func accepts(_ yaml: String, _ schema: JSONSchema) throws -> Bool {
        let instance = try JSONDocument(YAMLAsJSON.value(of: yaml).bytes)
        return schema.violations(in: instance.root).isEmpty
    }

    /// A fixed key as a file writes it, nested below its sections.
    private func file(_ path: String, _ value: String) -> String {
        let parts = path.split(separator: ".")
        return parts.enumerated().map { depth, part in
            String(repeating: "  ", count: depth) + "\(part):" + (depth == parts.count - 1 ? " \(value)\n" : "\n")
        }.joined()
    }

    @Test("every key is in it, with the words of the documentation, and takes its default")
    func defaults() throws {
        let schema = try Self.schema()
        for key in ConfigurationKey.all {
            var place: JSON? = ConfigurationSchema.document
            for part in key.path.split(separator: ".") { place = place?["properties"]?[String(part)] }
            #expect(place?["description"]?.string == "\(key.meaning) Must be \(key.expectation).", "\(key.path)")
            #expect(try accepts(file(key.path, key.defaultText), schema), "\(key.path): \(key.defaultText)")
        }
    }

    @Test("what the loader takes of a single value, and what it refuses for its form, is the same in the schema")
    func values() throws {
        let schema = try Self.schema()
        let texts = [
            "5s", "200ms", "5", "\"5\"", "0.25", "\"0.25\"", "true", "\"true\"", "yes", "info", "repair", "all", "10MB",
            "64kb", "7 s", "nothing", "[]", "[text]", "{}", "[{}]", "-1", "1e3",
        ]
        var counts = (both: 0, neither: 0)
        for key in ConfigurationKey.all {
            for text in texts {
                let node = try #require(YAMLTree.read(Array("a: \(text)".utf8)).root)
                guard case .map(let entries) = node.value, let value = entries.first?.node else { continue }
                let taken = Self.isTaken(value, by: key)
                let accepted = try accepts(file(key.path, text), schema)
                // The schema does not know ranges of durations, nor which texts are names or addresses.
                if taken { #expect(accepted, "\(key.path): \(text) is refused") }
                switch key.shape {
                case .choice, .flag: #expect(accepted == taken, "\(key.path): \(text)")
                default: break
                }
                if taken, accepted { counts.both += 1 }
                if !taken, !accepted { counts.neither += 1 }
            }
        }
        #expect(counts.both > 100 && counts.neither > 400, "\(counts)")
    }

    private static func isTaken(_ node: YAMLNode, by key: ConfigurationKey) -> Bool {
        func text(_ node: YAMLNode) -> String? {
            guard case .scalar(let text, _) = node.value else { return nil }
            return text
        }
        var probe = ConfigurationKey.defaults
        if key.isList {
            guard case .list(let items) = node.value else { return false }
            let texts = items.compactMap(text)
            return texts.count == items.count && key.set(&probe, texts)
        }
        return text(node).map { key.set(&probe, [$0]) } ?? false
    }

    @Test("every example of the documentation is accepted, and so are the built-in providers and models")
    func examples() throws {
        let schema = try Self.schema()
        var count = 0
        for path in ["docs/configuration.md", "README.md", "docs/catalogue.md", "docs/plans.md"] {
            let text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
            for block in text.components(separatedBy: "```yaml\n").dropFirst() {
                let yaml = block.components(separatedBy: "\n```")[0]
                let instance = try JSONDocument(YAMLAsJSON.value(of: yaml).bytes)
                let violations = schema.violations(in: instance.root)
                #expect(violations.isEmpty, "\(path):\n\(yaml)\n\(violations)")
                count += 1
            }
        }
        #expect(count >= 4)
        #expect(try accepts(BuiltInConfiguration.text, schema))
    }

    @Test(
        "what is misspelt, in the wrong place or of the wrong form is refused, as the loader refuses it",
        arguments: [
            "server: { lisen: 127.0.0.1:80 }", "servr: {}", "server: [1]", "server: { max_connections: 0 }",
            "log: { level: loud }", "flags: { response: true }", "flags: { responses: 1 }",
            "resilience: { retry: { retries: 1.5 } }", "resilience: { degrade: local }",
            "providers: { a: { base_url: https://a } }", "providers: { a: { dialect: openai } }",
            "providers: { a: { dialect: local } }",
            "providers: { a: { dialect: openai, base_url: https://a, keyz: x } }",
            "providers: { a: { dialect: openai, base_url: https://a, api_keys: [] } }",
            "providers: { a: { dialect: openai, base_url: https://a, resilience: { limits: { total: 1 } } } }",
            "providers: { a: { dialect: openai, base_url: https://a, resilience: { limits: { total: 1 } } } }",
            "models: { a: { chain: [] } }", "models: { a: { window: 5 } }", "models: { a: { chain: [{ weight: 1 }] } }",
            "models: { a: { chain: [openai/x], resilience: { breaker: { failures: 1 } } } }",
            "catalogue: { openai/x: { kind: talk } }", "catalogue: { openai/x: { prices: { inputs: 1 } } }",
            "plans: { p: { fusion: vote } }", "plans: { p: { experts: {} } }", "plans: { p: { experts: { a: {} } } }",
            "plans: { p: { experts: { a: { model: auto } }, fusion: votes } }",
            "plans: { p: { experts: { a: { model: auto } }, fusion: { judge: auto } } }",
            "plans: { p: { experts: { a: { model: auto, share: 2 } } } }",
            "plans: { p: { experts: { a: { model: auto, after: b } } } }",
            "plans: { p: { experts: { a: { model: auto } }, limits: { token: 1 } } }",
            "guards: { patterns: [{ name: a }] }", "guards: { input: redact }", "runs: { ring: 1 }",
        ])
    func mistakes(yaml: String) throws {
        #expect(try !accepts(yaml, try Self.schema()), "\(yaml)")
        #expect(!problems(yaml).isEmpty, "\(yaml)")
    }

    @Test("a reference to the environment may stand for any single value, and a section may be empty")
    func references() throws {
        let schema = try Self.schema()
        for key in ConfigurationKey.all {
            #expect(try accepts(file(key.path, key.isList ? "[\"${X}\"]" : "\"${X}\""), schema), "\(key.path)")
        }
        for section in ConfigurationKey.sections { #expect(try accepts(file(section, ""), schema), "\(section)") }
        #expect(try accepts("", schema))
        #expect(try accepts("cache: { anything: [1] }\n", schema), "later sections are not looked into")
    }

    @Test("the members of providers, models and the catalogue have exactly the settings that the loader reads")
    func members() throws {
        func names(_ schema: JSON?) -> Set<String> { Set(schema?["properties"]?.object?.map(\.key) ?? []) }
        func member(_ section: String) -> JSON? {
            ConfigurationSchema.document["properties"]?[section]?["additionalProperties"]
        }
        #expect(names(member("providers")) == Set(ProviderDraft.fields))
        #expect(names(member("models")) == Set(AliasDraft.fields))
        #expect(names(member("catalogue")) == Set(CatalogueDraft.fields))
        #expect(
            names(member("catalogue")?["properties"]?["prices"]) == Set(CatalogueDraft.rates + ["tiers"]))
        #expect(
            names(ConfigurationSchema.document["properties"]?["auth"]?["properties"]?["keys"]?["items"])
                == Set(CallerKeyDraft.fields))
        let plan = member("plans")
        #expect(names(plan) == Set(PlanDraft.fields))
        #expect(names(plan?["properties"]?["limits"]) == Set(PlanDraft.limits))
        #expect(names(plan?["properties"]?["when"]) == Set(PlanDraft.rules))
        #expect(names(plan?["properties"]?["experts"]?["additionalProperties"]) == Set(PlanDraft.expertFields))
        let fusion = plan?["properties"]?["fusion"]?["anyOf"]?[1]
        #expect(names(fusion) == Set(FusionDraft.fields))
        #expect(names(fusion?["properties"]?["signals"]) == Set(FusionDraft.signalNames))
        #expect(
            names(ConfigurationSchema.document["properties"]?["guards"]?["properties"]?["patterns"]?["items"])
                == Set(GuardPatternDraft.fields))
        let sections = names(ConfigurationSchema.document)
        let known = ConfigurationKey.sections.filter { !$0.contains(".") }
        #expect(sections == known.union(ConfigurationKey.memberSections).union(ConfigurationKey.later))
    }
}
