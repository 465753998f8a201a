import Base
import Models
import Testing

@Suite("Names of models")
struct DirectoryTests {
    static let directory = ModelDirectory(
        aliases: [
            .init(
                name: "auto",
                chain: [Target(provider: "groq", model: "llama"), Target(provider: "openai", model: "gpt-4o-mini")]),
            .init(
                name: "gpt-4o-mini",
                chain: [Target(provider: "openai", model: "gpt-4o-mini"), Target(provider: "gone", model: "x")]),
            .init(name: "dead", chain: [Target(provider: "gone", model: "x")]), .init(name: "empty", chain: []),
        ],
        providers: [
            .init(name: "openai"), .init(name: "groq"), .init(name: "local", models: ["smollm2"]),
            .init(name: "router", allowsAny: true),
        ])

    @Test(
        "names that resolve",
        arguments: [
            ("auto", ["groq/llama", "openai/gpt-4o-mini"]), ("gpt-4o-mini", ["openai/gpt-4o-mini"]),
            ("groq/llama", ["groq/llama"]),
            ("local/smollm2", ["local/smollm2"]), ("router/meta/llama:free", ["router/meta/llama:free"]),
        ])
    func resolves(name: String, expected: [String]) throws {
        #expect(try Self.directory.resolve(name).chain.map(\.name) == expected)
    }

    @Test(
        "names that do not",
        arguments: [
            ("gpt-4o-mini/", .modelNotFound), ("openai/gpt-4", .modelNotFound), ("", .modelNotFound),
            ("/", .modelNotFound),
            ("persona/x", .modelNotFound), ("nowhere/x", .modelNotFound), ("router/", .modelNotFound),
            ("Auto", .modelNotFound),
            ("gone/x", .modelNotFound), ("dead", .modelUnavailable), ("empty", .modelUnavailable),
        ] as [(String, ErrorCode)])
    func refused(name: String, code: ErrorCode) {
        let error = #expect(throws: CodedError.self) { try Self.directory.resolve(name) }
        #expect(error?.code == code)
        #expect(error?.param == "model")
    }

    @Test("near names are named, hostile ones shown safely")
    func near() {
        let error = #expect(throws: CodedError.self) { try Self.directory.resolve("gpt-4o-mimi") }
        #expect(error?.message.contains("'gpt-4o-mini'") == true)
        let hostile = #expect(throws: CodedError.self) {
            try Self.directory.resolve("a\n\ndata: \u{1b}[31m" + String(repeating: "x", count: 10_000))
        }
        #expect(hostile?.message.contains("\n") == false)
        #expect((hostile?.message.utf8.count ?? 9999) < 400)
    }

    @Test("the list is what resolves, in a stable order")
    func list() throws {
        #expect(Self.directory.names == ["auto", "gpt-4o-mini", "groq/llama", "openai/gpt-4o-mini", "local/smollm2"])
        for name in Self.directory.names { #expect(try !Self.directory.resolve(name).chain.isEmpty) }
    }

    @Test(
        "the catalogue knows families by their longest name",
        arguments: [
            ("gpt-4o-mini", 128_000), ("gpt-4o", 128_000), ("gpt-4", 8192), ("gpt-4.1-nano-2025-04-14", 1_047_576),
            ("o3-mini", 200_000),
            ("llama-3.1-8b-instant", 131_072), ("openai/gpt-4o", 128_000), ("claude-haiku-4-5", 200_000),
            ("smollm2", 8192),
            ("gpt-4-32k-0613", 32_768), ("gpt-4.5-preview", nil), ("gpt-4ooo", nil), ("o10", nil), ("", nil),
            ("/", nil), ("my-model", nil),
        ] as [(String, Int?)])
    func catalogue(name: String, window: Int?) {
        #expect(Catalogue.info(of: name)?.window == window)
    }
}
