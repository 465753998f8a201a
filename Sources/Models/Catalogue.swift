/// What is known of a model without asking anyone.
public struct ModelInfo: Sendable, Hashable {
    /// Tokens of prompt and answer together.
    public var window: Int
    /// The most tokens of one answer, where it is less than the window.
    public var maxAnswer: Int?
    public var tools: Bool
    public var images: Bool

    public init(window: Int, maxAnswer: Int? = nil, tools: Bool = true, images: Bool = false) {
        self.window = window
        self.maxAnswer = maxAnswer
        self.tools = tools
        self.images = images
    }
}

/// The windows and capabilities of well-known models. What is not in it is left to the provider to judge.
public enum Catalogue {
    /// The longest entry that the name begins with, at the end of the name or before a `-`, `:` or `@`
    /// (dates, sizes and variants follow so). A maker's prefix, as in `openai/gpt-4o`, is left out. `nil` when unknown.
    public static func info(of model: String) -> ModelInfo? {
        let name = model.lowercased().utf8
        let start = name.lastIndex(of: UInt8(ascii: "/")).map { name.index(after: $0) } ?? name.startIndex
        let bare = Array(name[start...])
        for (prefix, info) in entries where bare.starts(with: prefix.utf8) {
            guard bare.count > prefix.utf8.count else { return info }
            if "-:@".utf8.contains(bare[prefix.utf8.count]) { return info }
        }
        return nil
    }

    /// Longest names first among those that begin alike.
    private static let entries: [(String, ModelInfo)] = [
        ("gpt-5", ModelInfo(window: 400_000, maxAnswer: 128_000, images: true)),
        ("gpt-4.1", ModelInfo(window: 1_047_576, maxAnswer: 32_768, images: true)),
        ("gpt-4o", ModelInfo(window: 128_000, maxAnswer: 16_384, images: true)),
        ("gpt-4-turbo", ModelInfo(window: 128_000, maxAnswer: 4096, images: true)),
        ("gpt-4-32k", ModelInfo(window: 32_768)),
        ("gpt-4", ModelInfo(window: 8192)),
        ("gpt-3.5-turbo", ModelInfo(window: 16_385, maxAnswer: 4096)),
        ("o1-mini", ModelInfo(window: 128_000, maxAnswer: 65_536, tools: false)),
        ("o1", ModelInfo(window: 200_000, maxAnswer: 100_000, images: true)),
        ("o3-mini", ModelInfo(window: 200_000, maxAnswer: 100_000)),
        ("o3", ModelInfo(window: 200_000, maxAnswer: 100_000, images: true)),
        ("o4-mini", ModelInfo(window: 200_000, maxAnswer: 100_000, images: true)),
        ("gpt-oss", ModelInfo(window: 131_072)),
        ("llama-3.1", ModelInfo(window: 131_072)),
        ("llama-3.2", ModelInfo(window: 131_072)),
        ("llama-3.3", ModelInfo(window: 131_072)),
        ("llama3-8b-8192", ModelInfo(window: 8192)),
        ("llama3-70b-8192", ModelInfo(window: 8192)),
        ("claude", ModelInfo(window: 200_000, images: true)),
        ("smollm2", ModelInfo(window: 8192, tools: false)),
    ]
}

extension ModelInfo {
    /// The most tokens that one answer can have.
    public var answerLimit: Int { min(maxAnswer ?? window, window) }
}
