import Base
import Foundation
import Testing

@testable import LocalModels

/// The installed local model, one for all tests, and what its tests are skipped for where it is missing.
enum LocalFixture {
    static let environment = ProcessInfo.processInfo.environment
    static let configuration = LocalConfiguration(model: "smollm2", environment: environment)

    static let isInstalled: Bool = {
        let isThere = configuration.isInstalled
        if !isThere { print("SKIPPED: the local model is not set up (./run does it); its tests do not run.") }
        return isThere
    }()

    /// Four slots, a short queue, one thread.
    static func model(slots: Int = 4, queue: Int = 64, context: Int = 1024) -> LocalModel {
        var configuration = configuration
        configuration.maxConcurrent = slots
        configuration.queueLimit = queue
        configuration.contextTokens = context
        configuration.threads = 1
        return LocalModel(configuration: configuration, generator: SeededGenerator(seed: 1), time: SystemClock())
    }

    static func request(_ text: String, maxTokens: Int = 16, temperature: Double = 0) -> LocalRequest {
        var request = LocalRequest(messages: [.init(role: "user", text: text)])
        request.maxTokens = maxTokens
        request.temperature = temperature
        return request
    }

    /// The folder with the golden data, beside the package or where `TUTTI_SHARED` says.
    static let shared: URL = {
        if let path = environment["TUTTI_SHARED"] { return URL(filePath: path) }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return package.deletingLastPathComponent().appending(path: "shared")
    }()

    static let goldenFile = shared.appending(path: "data/golden/smollm2_golden.json")

    static let hasGolden: Bool = {
        let isThere = FileManager.default.isReadableFile(atPath: goldenFile.path)
        if !isThere { print("SKIPPED: the golden data is not at \(goldenFile.path); its tests do not run.") }
        return isThere
    }()
}

/// A whole answer.
struct Answer: Equatable {
    var texts: [String]
    var tokens: [[LocalToken]]
    var reasons: [LocalEvent.Reason?]
    var promptTokens = 0
    var completionTokens = 0
    var text: String { texts[0] }
    var reason: LocalEvent.Reason? { reasons[0] }
}

extension LocalModel {
    func answer(_ request: LocalRequest) async throws(CodedError) -> Answer {
        let stream = try await start(request)
        var answer = Answer(
            texts: Array(repeating: "", count: request.choices), tokens: Array(repeating: [], count: request.choices),
            reasons: Array(repeating: nil, count: request.choices))
        while let event = try await stream.next() {
            switch event.kind {
            case .piece(let text, let tokens):
                answer.texts[event.choice] += text
                answer.tokens[event.choice] += tokens
            case .finished(let reason, let promptTokens, let completionTokens):
                answer.reasons[event.choice] = reason
                answer.promptTokens = promptTokens
                answer.completionTokens += completionTokens
            }
        }
        return answer
    }
}
