import Base
import JSON
import TestKit
import Testing

@testable import Graph

/// What was kept and then damaged, whatever way: an error with a code, or a run that goes on as if nothing were.
@Suite("Bad input: damaged checkpoints") struct CorruptCheckpointTests {
    private let graph: Graph<Ledger, Never>

    init() throws { graph = try variety { _ in } }

    /// Of a run that has asked, been answered and asked again; with `isEdited` there is a snapshot in its middle.
    private func entries(isEdited: Bool) async throws -> [CheckpointEntry] {
        let store = MemoryCheckpointer()
        let run = RestartedRun(store: store) { graph }
        _ = try await run.start()
        _ = try await run.resume(["each#1[0]/amount#1": 1])
        if isEdited { try await run.runner().edit(ledgerKey) { $0.name = "edited" } }
        _ = try await run.resume(["approve#1": true])
        return try await store.entries(of: ledgerKey, through: nil)
    }

    /// A run of these entries, as if they had been kept.
    private func run(_ entries: [CheckpointEntry]) async throws -> RestartedRun {
        let store = MemoryCheckpointer()
        try await store.create(ledgerKey)
        var entries = entries
        for index in entries.indices { entries[index].sequence = UInt64(index + 1) }
        try await store.append(entries, to: ledgerKey, epoch: 1)
        return RestartedRun(store: store) { graph }
    }

    // MARK: By chance

    private static let marks = Array("0123456789.-+eE\"\\[]{},: tfn".utf8)

    private func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        func below(_ bound: Int, _ generator: inout SeededGenerator) -> Int {
            Int(generator.next() % UInt64(max(1, bound)))
        }
        var bytes = bytes
        let at = below(bytes.count, &generator)
        switch below(7, &generator) {
        case 0: return Array(bytes[..<at])
        case 1: return Array(bytes[at...].dropFirst())
        case 2: bytes[at] ^= 1 << UInt8(below(8, &generator))
        case 3: bytes[at] = Self.marks[below(Self.marks.count, &generator)]
        case 4: bytes = bytes.map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        case 5: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: at)
        default: bytes.replaceSubrange(at..., with: bytes[..<at].reversed())
        }
        return bytes
    }

    @Test(
        "cut, flipped and random bytes in any entry of a run are a coded error for every call, and never a trap",
        arguments: [false, true])
    func byChance(isEdited: Bool) async throws {
        let good = try await entries(isEdited: isEdited)
        let whole = try await run(good)
        #expect(try await whole.resume().open?.map(\.id) == ["each#1[1]/amount#1"])
        var refused = 0
        var tries = 0
        for seed in 0..<500 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            for at in good.indices {
                var entries = good
                entries[at].bytes = damaged(entries[at].bytes, &generator)
                tries += 1
                if entries[at].bytes == good[at].bytes { continue }
                let bad = try await run(entries)
                // On an executor of its own: a run that hangs runs out of jobs.
                let codes = try SeededExecutor(seed: seed).run { await Self.codes(bad) }
                refused += codes.isEmpty ? 0 : 1
                let isExpected = codes.allSatisfy {
                    [
                        .checkpointUnreadable, .checkpointVersion, .internalError, .invalidType, .endNotReached,
                        .unknownRoute, .activationLimit,
                    ].contains($0)
                }
                try #require(isExpected, "seed \(seed), entry \(at): \(codes)")
            }
        }
        #expect(refused > tries / 2)
    }

    /// What the calls that read a run are refused with, those that are.
    private static func codes(_ run: RestartedRun) async -> [ErrorCode] {
        var codes: [ErrorCode] = []
        do { _ = try await run.state() } catch { codes.append(code(of: error)) }
        do { _ = try await run.questions() } catch { codes.append(code(of: error)) }
        do { try await run.runner(limit: 100).fork(run.key, at: 2, to: "fork") } catch { codes.append(code(of: error)) }
        do { _ = try await run.runner(limit: 100).resume(context: makeContext()) } catch {
            codes.append(code(of: error))
        }
        return codes
    }

    /// Of another error than those with codes, one that nobody expects.
    private static func code(of error: any Error) -> ErrorCode { (error as? CodedError)?.code ?? .notFound }

    // MARK: On purpose

    /// What one entry is replaced by: of the step's name, or of the snapshot for none.
    private static let replacements: [(step: String, text: String)] = [
        ("", ""), ("", "null"), ("", "[]"), ("", "{}"), ("", "{\"state\":1}"), ("", "{\"state\":{}}"),
        ("", "\u{FEFF}{}"),
        ("", String(repeating: "[", count: 100_000)), ("", String(repeating: "{\"state\":", count: 100_000)),
        ("plan#1", ""), ("plan#1", "null"), ("plan#1", "7"), ("plan#1", "{}"), ("plan#1", "{\"node\":7}"),
        ("plan#1", "{\"node\":\"plan\"}"), ("plan#1", "{\"node\":\"plan\",\"activation\":1}"),
        ("plan#1", #"{"node":"plan","activation":-1,"writes":{"items":[1]}}"#),
        ("plan#1", #"{"node":"plan","activation":1e400,"writes":{"items":[1]}}"#),
        ("plan#1", #"{"node":"plan","activation":9223372036854775807,"writes":{"items":[1]}}"#),
        ("plan#1", #"{"node":"plan","activation":1.5,"writes":{"items":[1]}}"#),
        ("plan#1", #"{"node":"plan","activation":1,"writes":7}"#),
        ("plan#1", #"{"node":"plan","activation":1,"writes":{}}"#),
        ("plan#1", #"{"node":"plan","activation":1,"writes":{"items":"x"}}"#),
        ("plan#1", #"{"node":"plan","activation":1,"writes":{"items":[1e400]}}"#),
        ("plan#1", #"{"node":"plan","activation":1,"writes":{"items":[18446744073709551615]}}"#),
        ("plan#1", #"{"node":"nobody","activation":1,"writes":{"items":[1]}}"#),
        ("plan#1", #"{"node":"done","activation":1,"writes":{"name":"x"}}"#),
        ("plan#1", #"{"node":"join","activation":1,"writes":{"draft":"x"},"choice":[0]}"#),
        // Inside graphs and lists that are not over, only going on reads it.
        ("each#1[1]/prepare#1", #"{"place":"each#1[1]/","node":"nobody","activation":1,"writes":{}}"#),
        ("each#1[1]/prepare#1", #"{"place":"each#1[1]/","node":"finish","activation":1,"writes":{}}"#),
        ("each#1[0]", #"{"node":"each","activation":1,"item":0,"result":"x"}"#),
        ("each#1[0]", #"{"node":"each","activation":1,"item":0,"result":1.5}"#),
    ]

    @Test("a damaged entry is checkpoint_unreadable when its run is taken up", arguments: replacements.indices)
    func onPurpose(index: Int) async throws {
        let (step, text) = Self.replacements[index]
        var entries = try await entries(isEdited: false)
        let at = try #require(entries.firstIndex { $0.step == step })
        entries[at].bytes = Array(text.utf8)
        let run = try await run(entries)
        let error = await refusal(String(text.prefix(80))) { _ = try await run.resume() }
        #expect(error?.code == .checkpointUnreadable)
        if !step.contains("each") {
            #expect(await refusal { _ = try await run.state() }?.code == .checkpointUnreadable)
        }
    }

    /// What stands in an edited run's snapshot instead of its place in the graph. There are seven nodes and one loop.
    private static let places: [String] = [
        #""machine":7"#, #""machine":{}"#, #""machine":null"#, machine("[99]"), machine("[-1]"), machine("[]"),
        machine("[1,1]"), machine("[1e400]"), machine("[1]", rounds: "[]"), machine("[1]", rounds: "[-1]"),
        machine("[1]", rounds: "[9223372036854775807]"), machine("[1]", activations: "[]"),
        machine("[1]", activations: "[0,0,0,0,0,0,-1]"), machine("[1]", activations: "[0,0,0,0,0,0,\"x\"]"),
        machine("[1]", activations: "[0,0,0,0,0,0,9223372036854775807]"),
        machine("[1]") + ",\"unfinished\":[7]", machine("[1]") + ",\"unfinished\":[{\"node\":\"plan\"}]",
    ]

    private static func machine(
        _ running: String, rounds: String = "[0]", activations: String = "[1,1,1,1,1,0,0]"
    ) -> String {
        """
        "machine":{"activations":5,"rounds":\(rounds),"running":\(running),"waiting":[],"nextRound":[],"everRan":[0],\
        "skipped":[],"reachedEnd":false},"activations":\(activations)
        """
    }

    @Test("a snapshot's place that is not one of the graph's is checkpoint_unreadable", arguments: places.indices)
    func oddPlaces(index: Int) async throws {
        var entries = try await entries(isEdited: false).prefix(1)
        let text = String(decoding: entries[0].bytes, as: UTF8.self)
        let end = ",\"unfinished\":[]}"
        try #require(text.hasSuffix(end))
        entries[0].bytes = Array("\(text.dropLast(end.count)),\(Self.places[index])}".utf8)
        let run = try await run(Array(entries))
        #expect(await refusal { _ = try await run.state() }?.code == .checkpointUnreadable)
        #expect(await refusal { _ = try await run.resume() }?.code == .checkpointUnreadable)
    }
}
