import Base
import LocalModels
import Synchronization
import TestKit
import Testing

@testable import Server

@Suite("The models in this process", .timeLimit(.minutes(2)))
struct LocalModelTableTests {
    private func model(_ configuration: LocalConfiguration) -> LocalModel {
        LocalModel(configuration: configuration, generator: SeededGenerator(seed: 1), time: TestClock())
    }

    private func files(_ path: String) -> LocalConfiguration {
        LocalConfiguration(modelPath: path, libraryPath: "/nonexistent/library")
    }

    @Test("of the same files there is one at a time, as long as anybody has it")
    func same() {
        let table = LocalModelTable()
        let made = Mutex(0)
        func get(_ path: String) -> LocalModel {
            table.model(files(path)) {
                made.withLock { $0 += 1 }
                return model(files(path))
            }
        }
        var first: LocalModel? = get("/a")
        let other = get("/b")
        #expect(get("/a") === first && get("/b") === other && made.withLock(\.self) == 2)
        #expect(table.count == 2)
        first = nil
        #expect(table.count == 1)
        _ = get("/a")
        #expect(made.withLock(\.self) == 3)
    }

    @Test("a configuration without the model drops it when the last request is over, and one with it again keeps it")
    func reload() async throws {
        let gate = Gate()
        let with: @Sendable (String) -> String = {
            RunningApp.plain($0).replacing(
                "providers: { ", with: "providers: { local: { dialect: local, model: smollm2 }, ")
        }
        try await RunningApp.run(
            with,
            upstream: { _ in
                await gate.pass()
                return .saying("late")
            }
        ) { running async throws in
            let locals = running.app.lasting.locals
            #expect(locals.count == 1)
            let client = try await running.connect()
            defer { client.close() }
            try await client.send(RunningApp.request("POST", "/v1/chat/completions", RunningApp.chat("one")))
            await gate.reached(1)
            #expect(try await running.reload(RunningApp.plain(running.upstream)).status == 200)
            #expect(locals.count == 1, "the request that runs may still use it")
            #expect(try await running.reload(with(running.upstream)).status == 200)
            #expect(locals.count == 1, "and who asks again gets the same")
            #expect(try await running.reload(RunningApp.plain(running.upstream)).status == 200)
            gate.open()
            #expect(try await client.readResponse().status == 200)
            while locals.count > 0 { await Task.yield() }
        }
    }

    @Test("after the end nobody gets one that works")
    func shutdown() async {
        let table = LocalModelTable()
        let before = table.model(files("/a")) { model(files("/a")) }
        table.shutdown()
        let after = table.model(files("/b")) { model(files("/b")) }
        for model in [before, after] {
            let error = await #expect(throws: CodedError.self) {
                _ = try await model.start(LocalRequest(messages: [.init(role: "user", text: "hello")]))
            }
            #expect(error?.code == .shuttingDown)
        }
    }
}
