/// How a local model is run.
public struct LocalConfiguration: Sendable {
    /// The GGUF file.
    public var modelPath: String
    /// The wrapped llama.cpp that `./run` builds.
    public var libraryPath: String
    /// Tokens of one conversation, prompt and answer. 0 takes the model's own window, at most 4096: memory is set
    /// aside for every slot (SmolLM2: 90 MB each).
    public var contextTokens = 0
    /// Conversations computed at once.
    public var maxConcurrent = 4
    /// Conversations that wait beyond those.
    public var queueLimit = 64
    /// Threads that compute. 0 leaves one core to the event loops.
    public var threads = 0

    public init(modelPath: String, libraryPath: String) {
        self.modelPath = modelPath
        self.libraryPath = libraryPath
    }

    /// A model by its configured name, or by the path of a GGUF file, with the files where the set-up puts them.
    public init(model: String, environment: [String: String]) {
        let files = LocalFiles(environment: environment)
        self.init(modelPath: files.path(ofModel: model), libraryPath: files.library)
    }

    /// Whether the files that it needs are there.
    public var isInstalled: Bool { LlamaLibrary.isReadable(libraryPath) && LlamaLibrary.isReadable(modelPath) }
}

/// Where the set-up puts things; the same names as in `scripts/setup/common.sh`.
public struct LocalFiles: Sendable {
    public let cache: String

    public init(environment: [String: String]) {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        cache =
            set("TUTTI_CACHE_DIR") ?? set("XDG_CACHE_HOME").map { $0 + "/tutti" }
            ?? (set("HOME") ?? "") + "/.cache/tutti"
    }

    public var library: String { cache + "/lib/libtutti-llama.so" }

    /// The models that the set-up fetches, by the names that configurations use.
    public static let models = ["smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf"]

    public func path(ofModel model: String) -> String {
        LocalFiles.models[model].map { cache + "/models/" + $0 } ?? model
    }
}
