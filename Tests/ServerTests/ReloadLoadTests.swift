import Base
import Foundation
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Server

@Suite("Loading the configuration again, often and at once", .timeLimit(.minutes(10)))
struct ReloadLoadTests {
    /// Remembers worlds without keeping them.
    private final class Worlds: Sendable {
        private struct Entry {
            weak var world: World?
        }

        private let entries = Mutex<[Entry]>([])
        func note(_ world: World?) { entries.withLock { $0.append(Entry(world: world)) } }
        var alive: Int { entries.withLock { $0.count { $0.world != nil } } }
    }

    /// Resident memory of this process, in bytes.
    private func resident() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }

    @Test("a thousand beside traffic: no request fails, no world stays, memory is flat")
    func thousand() async throws {
        try await RunningApp.run(RunningApp.plain, loops: 2) { running async throws in
            let worlds = Worlds()
            let plain = RunningApp.plain(running.upstream)
            let over = DrainState()
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let client = try await running.connect()
                        defer { client.close() }
                        var count = 0
                        while !over.isDraining {
                            let status = try await running.chat("one", on: client)
                            #expect(status == 200)
                            count += 1
                        }
                        return count
                    }
                }
                var settled = 0
                for round in 0..<1_000 {
                    worlds.note(running.app.worlds.value)
                    // Every one is another: a name, a model, a limit, a level of the log.
                    let more = """
                        catalogue: { mock/m\(round): { context: \(round + 1) } }
                        server: { heartbeat: \(round + 1)s }
                        log: { level: \(round % 2 == 0 ? "error" : "warning") }

                        """
                    running.file.write(plain + more)
                    guard case .loaded = await running.app.reload(.signal) else {
                        Issue.record("refused in round \(round)")
                        break
                    }
                    if round == 300 { settled = try resident() }
                }
                let grown = try resident() - settled
                over.begin()
                var answers = 0
                for try await count in group { answers += count }
                #expect(settled > 0 && grown < 16 << 20, "\(grown) bytes in 700 reloads")
                return answers
            }
            #expect(answers > 100)
            while worlds.alive > 0 { await Task.yield() }
            #expect(running.app.worlds.value?.configuration.server.heartbeat == .seconds(1_000))
        }
    }

    @Test("many who ask at once are served one after the other, each under what it wrote before it asked or later")
    func atOnce() async throws {
        try await RunningApp.run(RunningApp.plain) { running async throws in
            let plain = RunningApp.plain(running.upstream)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...32 {
                    group.addTask {
                        running.file.write(plain + "server: { heartbeat: \(number)s }\n")
                        let answer = try await running.send("POST", "/api/admin/reload")
                        #expect(answer.status == 200)
                    }
                }
                try await group.waitForAll()
            }
            let last = try running.file.read([:]).configuration.server.heartbeat
            #expect(running.app.worlds.value?.configuration.server.heartbeat == last)
        }
    }

    @Test("before the server listens it counts; while it stops and afterwards nothing happens")
    func startAndStop() async throws {
        let (upstream, file, clock) = ("http://127.0.0.1:9", RunningApp.File(), TestClock())
        file.write(RunningApp.plain(upstream))
        let app = try App(
            try file.read([:]),
            App.Surroundings(
                environment: [:], log: NoLog(), time: clock, generator: SeededGenerator(seed: 1), loops: 1,
                load: { () throws(ConfigurationErrors) in try file.read([:]) }))
        file.write(RunningApp.plain(upstream) + "log: { level: debug }\n")
        guard case .loaded(let changed, _) = await app.reload(.signal) else {
            Issue.record("not loaded")
            return
        }
        #expect(changed == ["log.level"])
        let port = try await app.start()
        let client = try await TCPClient.connect(port)
        try await client.send(RunningApp.request("GET", "/v1/models"))
        #expect(try await client.readResponse().status == 200)
        client.close()
        let reads = file.reads
        app.lasting.drainState.begin()
        #expect(await app.reload(.signal) == .stopping)
        weak let world = app.worlds.value
        await app.stop()
        #expect(await app.reload(.signal) == .stopping && file.reads == reads)
        #expect(world == nil && app.worlds.value == nil)
    }

    @Test("two never run at once, and those who ask during one share the next, which begins after they asked")
    func queue() async {
        let queue = ReloadQueue()
        let running = Mutex(0)
        let most = Mutex(0)
        let begun = Mutex(0)
        let held = DispatchSemaphore(value: 0)
        let body: @Sendable () -> ReloadOutcome = {
            let now = running.withLock { running in
                running += 1
                return running
            }
            most.withLock { $0 = max($0, now) }
            let number = begun.withLock { begun in
                begun += 1
                return begun
            }
            if number == 1 { held.wait() }
            running.withLock { $0 -= 1 }
            return .loaded(changed: ["\(number)"], notices: [])
        }
        let first = Task { await queue.run(body) }
        while begun.withLock({ $0 == 0 }) { await Task.yield() }
        let others = await withTaskGroup(of: ReloadOutcome.self) { group in
            for _ in 0..<50 { group.addTask { await queue.run(body) } }
            // All of them wait by then, or share what waits.
            for _ in 0..<1_000 { await Task.yield() }
            held.signal()
            return await group.reduce(into: [ReloadOutcome]()) { $0.append($1) }
        }
        #expect(await first.value == .loaded(changed: ["1"], notices: []))
        #expect(others.allSatisfy { $0 != .loaded(changed: ["1"], notices: []) })
        #expect(most.withLock(\.self) == 1)
        #expect(begun.withLock(\.self) <= 51)
        guard case .loaded(let changed, _) = await queue.run(body) else { return }
        #expect(changed == ["\(begun.withLock(\.self))"], "one that asks later has one of its own")
    }
}
