import Foundation
import JSON
import Testing

@testable import LocalModels

/// The same greedy tokens as the engine that the golden data was made with.
@Suite("Golden tokens", .enabled(if: LocalFixture.isInstalled && LocalFixture.hasGolden)) struct GoldenTests {
    private func golden() throws -> JSON { try JSON(Array(Data(contentsOf: LocalFixture.goldenFile))) }

    private func loaded() throws -> LlamaModel {
        try LlamaModel(
            path: LocalFixture.configuration.modelPath,
            library: LlamaLibrary.open(LocalFixture.configuration.libraryPath))
    }

    @Test("text becomes the golden tokens") func tokenizing() throws {
        let model = try loaded()
        let samples = try #require(try golden()["tokenize"]?.array)
        #expect(!samples.isEmpty)
        for sample in samples {
            let text = try #require(sample["text"]?.string)
            let ids = try #require(sample["ids"]?.array?.compactMap(\.int).map { Int32($0) })
            #expect(try model.tokens(of: text, special: true) == ids, "\(text)")
        }
    }

    @Test("a conversation becomes the golden prompt, and the greedy answer the golden tokens")
    func answers() async throws {
        let model = LocalFixture.model(slots: 1)
        let samples = try golden()["generate"]?.array ?? []
        #expect(!samples.isEmpty)
        for sample in samples {
            let prompt = try #require(sample["prompt"]?.string)
            let question = try #require(prompt.split(separator: "<|im_start|>user\n").last)
                .split(separator: "<|im_end|>")[0]
            let content = try #require(sample["logprobs"]?["content"]?.array)
            var request = LocalFixture.request(String(question), maxTokens: content.count)
            request.logprobs = 5
            let answer = try await model.answer(request)
            #expect(answer.promptTokens == sample["prompt_ids"]?.array?.count)
            #expect(answer.tokens[0].count == content.count)
            for (token, expected) in zip(answer.tokens[0], content) {
                let top = try #require(expected["top_logprobs"]?.array?.compactMap { $0["logprob"]?.double })
                let id = try #require(expected["id"]?.int)
                if token.chosen.id != id {
                    // Another machine's arithmetic may turn a near tie; from there the answers are different ones.
                    #expect(top[0] - top[1] < 0.15, "\(question): \(token.chosen.id) instead of \(id)")
                    break
                }
                #expect(abs(token.chosen.logprob - top[0]) < 0.35)
                #expect(token.top.count == 5)
            }
        }
    }
}
