import JSON

/// A conversation, in no dialect's form. Always the same bytes.
struct Chat {
    enum Turn {
        case user(String)
        /// A text and base64 of a PNG.
        case image(String, String)
        case assistant(String)
        case call(id: String, name: String, arguments: JSON)
        case result(id: String, String)
    }

    struct Tool {
        let name: String
        let description: String
        let schema: JSON
    }

    var system: String?
    var turns: [Turn]
    var tools: [Tool] = []
    var streams = false

    static let short = Chat(turns: [.user("What is the capital of France? Answer in one word.")])

    /// Ten turns with two calls, a system prompt of 2 KB and five tools.
    static let usual = Chat(
        system: Prose.text(2048),
        turns: [
            .user(Prose.text(120)), .assistant(Prose.text(600)),
            .user(Prose.text(200)), .call(id: "toolu_01A09q90qw90lq917835lq9", name: "search", arguments: arguments),
            .result(id: "toolu_01A09q90qw90lq917835lq9", Prose.text(900)), .assistant(Prose.text(500)),
            .user(Prose.text(80)), .call(id: "toolu_01D7FLrfh4GYq7yT1ULFeyMV", name: "read_file", arguments: arguments),
            .result(id: "toolu_01D7FLrfh4GYq7yT1ULFeyMV", Prose.text(1500)), .user(Prose.text(150)),
        ],
        tools: ["search", "read_file", "write_file", "run_command", "ask"].map {
            Tool(name: $0, description: Prose.text(200), schema: schema)
        },
        streams: true)

    /// The same without calls and with an image of 200 KB.
    static let withImage = Chat(
        system: Prose.text(2048),
        turns: [
            .user(Prose.text(120)), .assistant(Prose.text(600)),
            .image("What does this picture show?", Prose.base64(200 << 10)),
        ])

    private static let arguments: JSON = [
        "path": "Sources/Models/ChatRequest.swift", "query": "struct \"ChatRequest\"", "limit": 20, "recursive": true,
    ]

    private static let schema: JSON = [
        "type": "object",
        "properties": [
            "path": ["type": "string", "description": "Path of a file, relative to the root of the project"],
            "query": ["type": "string", "description": "What to look for; \"quoted\" words are taken literally"],
            "limit": ["type": "integer", "description": "The most results", "minimum": 1, "maximum": 100],
            "recursive": ["type": "boolean", "default": false],
            "kind": ["type": "string", "enum": ["any", "file", "folder"]],
        ],
        "required": ["path", "query"],
        "additionalProperties": false,
    ]
}

enum Prose {
    private static let sentence =
        "The **server** reads the request's body, checks what it holds, and says \"no\" where it must;\n"
        + "otherwise it asks the model that the client has named and passes on what comes — piece by piece. "

    /// So many bytes, or a few less: with line ends, quotes and a letter beyond ASCII at the rate of real prompts.
    static func text(_ bytes: Int) -> String {
        var text = ""
        while text.utf8.count < bytes { text += sentence }
        while text.utf8.count > bytes { text.removeLast() }
        return text
    }

    static func base64(_ bytes: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var state: UInt64 = 1
        let letters = (0..<bytes / 4 * 4).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return alphabet[Int(state >> 58)]
        }
        return String(decoding: letters, as: UTF8.self)
    }
}
