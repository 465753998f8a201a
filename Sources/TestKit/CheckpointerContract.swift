internal import Base
public import Graph

/// What every checkpointer must do. Each check gets an empty engine and throws what it found wrong.
public enum CheckpointerContract {
    public struct Broken: Error, CustomStringConvertible {
        public let description: String
    }

    public struct Check: Sendable, CustomStringConvertible {
        public let description: String
        public let run: @Sendable (any Checkpointer) async throws -> Void
    }

    public static let checks: [Check] = [
        Check(description: "what is appended is given back, in order and unchanged") { engine in
            try await engine.create(key)
            let entries = [entry(1, .snapshot), entry(2), entry(3)]
            try await engine.append([entries[0]], to: key, epoch: 1)
            try await engine.append(Array(entries[1...]), to: key, epoch: 1)
            try await engine.append([], to: key, epoch: 1)
            try same(try await engine.entries(of: key, through: nil), entries)
            try same(try await engine.entries(of: key, through: 2), Array(entries[..<2]))
        },
        Check(description: "entries begin with the last snapshot") { engine in
            try await begin(engine, 2)
            try await engine.append([entry(3, .snapshot), entry(4)], to: key, epoch: 1)
            try same(try await engine.entries(of: key, through: nil).map(\.sequence), [3, 4])
            try same(try await engine.entries(of: key, through: 2).map(\.sequence), [1, 2])
            try same(try await engine.entries(of: key, through: 3).map(\.sequence), [3])
        },
        Check(description: "a run is created once") { engine in
            try await engine.create(key)
            try await refused(.runExists) { () throws(CodedError) in _ = try await engine.create(key) }
            try await engine.create(RunKey(other, key.run))
        },
        Check(description: "a run without entries is there, and can be claimed") { engine in
            try same(try await engine.create(key), RunClaim(epoch: 1, lastSequence: 0))
            try same(try await engine.history(of: key, before: nil, limit: 9), [])
            try same(try await engine.claim(key, ifLast: 0), RunClaim(epoch: 2, lastSequence: 0))
            try await engine.append([entry(1, .snapshot)], to: key, epoch: 2)
        },
        Check(description: "a claim that names another last entry takes nothing") { engine in
            try await begin(engine, 2)
            for last in [0, 1, 3, .max] as [UInt64] {
                try await refused(.runStale) { () throws(CodedError) in
                    _ = try await engine.claim(key, ifLast: last)
                }
            }
            try await refused(.runNotFound) { () throws(CodedError) in
                _ = try await engine.claim(RunKey(other, key.run), ifLast: 2)
            }
            try await engine.append([entry(3)], to: key, epoch: 1)
            try same(try await engine.claim(key, ifLast: 3), RunClaim(epoch: 2, lastSequence: 3))
        },
        Check(description: "an unknown run and another scope's are answered alike") { engine in
            try await begin(engine, 2)
            for run in [RunKey(key.scope, "nothing"), RunKey(other, key.run)] {
                let answers = [
                    await error { () throws(CodedError) in _ = try await engine.claim(run) },
                    await error { () throws(CodedError) in try await engine.append([entry(3)], to: run, epoch: 1) },
                    await error { () throws(CodedError) in _ = try await engine.entries(of: run, through: nil) },
                    await error { () throws(CodedError) in
                        _ = try await engine.history(of: run, before: nil, limit: 9)
                    },
                    await error { () throws(CodedError) in try await engine.fork(run, at: 1, to: "x") },
                    await error { () throws(CodedError) in _ = try await engine.prune(run, before: 2) },
                    await error { () throws(CodedError) in try await engine.delete(run) },
                ]
                for answer in answers { try same(answer, .unknownRun(run.run)) }
            }
            try same(try await engine.entries(of: key, through: nil).count, 2)
        },
        Check(description: "a claim refuses every earlier writer") { engine in
            try await begin(engine, 2)
            let claim = try await engine.claim(key)
            try same(claim, RunClaim(epoch: 2, lastSequence: 2))
            try await refused(.runStale) { () throws(CodedError) in
                try await engine.append([entry(3)], to: key, epoch: 1)
            }
            try await engine.append([entry(3)], to: key, epoch: 2)
            try same(try await engine.claim(key), RunClaim(epoch: 3, lastSequence: 3))
            for epoch in [0, 1, 2, 4] as [UInt64] {
                try await refused(.runStale) { () throws(CodedError) in
                    try await engine.append([entry(4)], to: key, epoch: epoch)
                }
            }
            try same(try await engine.entries(of: key, through: nil).count, 3)
        },
        Check(description: "sequences have no gap and no double; a batch goes in whole or not at all") { engine in
            try await begin(engine, 2)
            for batch in [[entry(2)], [entry(4)], [entry(3), entry(5)], [entry(3), entry(3)], [entry(0)]] {
                try await refused(.runStale) { () throws(CodedError) in
                    try await engine.append(batch, to: key, epoch: 1)
                }
            }
            try same(try await engine.entries(of: key, through: nil).map(\.sequence), [1, 2])
        },
        Check(description: "of two writers that claim and append at once, one run comes out") { engine in
            try await begin(engine, 1)
            let written = await withTaskGroup(of: UInt64.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var count: UInt64 = 0
                        for _ in 0..<20 {
                            guard let claim = try? await engine.claim(key) else { continue }
                            await Task.yield()
                            let next = entry(claim.lastSequence + 1)
                            if (try? await engine.append([next], to: key, epoch: claim.epoch)) != nil { count += 1 }
                        }
                        return count
                    }
                }
                return await group.reduce(0, +)
            }
            let entries = try await engine.entries(of: key, through: nil)
            try same(entries.map(\.sequence), Array(1...written + 1))
        },
        Check(description: "a history is told newest first, in pages") { engine in
            try await begin(engine, 5)
            let all = try await engine.history(of: key, before: nil, limit: 100)
            try same(all.map(\.sequence), [5, 4, 3, 2, 1])
            try same(all.last, entry(1, .snapshot).summary)
            try same(try await engine.history(of: key, before: 4, limit: 2).map(\.sequence), [3, 2])
            try same(try await engine.history(of: key, before: 1, limit: 2).count, 0)
            try same(try await engine.history(of: key, before: nil, limit: 0).count, 0)
        },
        Check(description: "a fork has the entries up to where it was made, and a life of its own") { engine in
            try await begin(engine, 4)
            try await engine.fork(key, at: 2, to: "fork")
            let fork = RunKey(key.scope, "fork")
            try same(try await engine.entries(of: fork, through: nil).map(\.sequence), [1, 2])
            try await engine.append([entry(3)], to: fork, epoch: 1)
            try same(try await engine.entries(of: key, through: nil).count, 4)
            try await refused(.runExists) { () throws(CodedError) in try await engine.fork(key, at: 2, to: "fork") }
            for sequence in [0, 5, .max] as [UInt64] {
                try await refused(.runNotFound) { () throws(CodedError) in
                    try await engine.fork(key, at: sequence, to: "none")
                }
            }
        },
        Check(description: "what is pruned is gone, and the rest can be resumed and forked") { engine in
            try await begin(engine, 2)
            try await engine.append([entry(3, .snapshot), entry(4)], to: key, epoch: 1)
            try same(try await engine.prune(key, before: 2), 0)
            try same(try await engine.prune(key, before: 4), 2)
            try same(try await engine.entries(of: key, through: nil).map(\.sequence), [3, 4])
            try await refused(.runNotFound) { () throws(CodedError) in
                _ = try await engine.entries(of: key, through: 2)
            }
            try await engine.fork(key, at: 4, to: "fork")
            try await engine.append([entry(5)], to: key, epoch: 1)
            try same(try await engine.claim(key).lastSequence, 5)
            try same(try await engine.prune(key, before: .max), 0)
        },
        Check(description: "what is deleted is unknown, and its name is free") { engine in
            try await begin(engine, 2)
            try await engine.delete(key)
            try await refused(.runNotFound) { () throws(CodedError) in _ = try await engine.claim(key) }
            try await engine.create(key)
            try await refused(.runNotFound) { () throws(CodedError) in
                _ = try await engine.entries(of: key, through: nil)
            }
        },
        Check(description: "a writer of a deleted run is refused by the one that has its name now") { engine in
            for _ in 0..<3 {
                let old = try await engine.create(key)
                try await engine.append([entry(1, .snapshot)], to: key, epoch: old.epoch)
                let later = try await engine.claim(key)
                try await engine.delete(key)
                let new = try await engine.create(key)
                try same(new.lastSequence, 0)
                for epoch in [old.epoch, later.epoch] {
                    try await refused(.runStale) { () throws(CodedError) in
                        try await engine.append([entry(1, .snapshot)], to: key, epoch: epoch)
                    }
                }
                try await engine.append([entry(1, .snapshot)], to: key, epoch: new.epoch)
                try await engine.delete(key)
            }
            let source = RunKey(key.scope, "source")
            let copied = try await engine.create(source)
            try await engine.append([entry(1, .snapshot)], to: source, epoch: copied.epoch)
            let gone = try await engine.create(key)
            try await engine.delete(key)
            try await engine.fork(source, at: 1, to: key.run)
            try await refused(.runStale) { () throws(CodedError) in
                try await engine.append([entry(2)], to: key, epoch: gone.epoch)
            }
        },
        Check(description: "bytes and steps of any kind are kept as they are") { engine in
            try await engine.create(key)
            var odd = entry(1, .snapshot)
            odd.bytes = (0...255).map { UInt8($0) } + [UInt8](repeating: 0, count: 1 << 20)
            odd.step = "a'b\"c\\/#[0]\u{0}\u{1F600}"
            odd.graph = .max
            odd.schema = .max
            odd.form = 1 << 30
            try await engine.append([odd], to: key, epoch: 1)
            try same(try await engine.entries(of: key, through: nil), [odd])
        },
    ]

    // MARK: Parts

    static let key = RunKey(.local, "run_1")
    static let other = Scope(tenant: "other", user: "local", key: "local", role: .admin)

    static func entry(_ sequence: UInt64, _ kind: CheckpointEntry.Kind = .delta) -> CheckpointEntry {
        CheckpointEntry(
            sequence: sequence, kind: kind, graph: 7, schema: 1, step: "n#\(sequence)", bytes: Array("{}".utf8), form: 1
        )
    }

    static func begin(_ engine: any Checkpointer, _ count: UInt64) async throws {
        try await engine.create(key)
        try await engine.append((1...count).map { entry($0, $0 == 1 ? .snapshot : .delta) }, to: key, epoch: 1)
    }

    static func same<Value: Equatable>(
        _ found: Value, _ wanted: Value, line: Int = #line
    ) throws(Broken) {
        guard found == wanted else { throw Broken(description: "line \(line): \(found), not \(wanted)") }
    }

    static func error(_ body: () async throws(CodedError) -> Void) async -> CodedError? {
        do throws(CodedError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    static func refused(
        _ code: ErrorCode, line: Int = #line, _ body: () async throws(CodedError) -> Void
    ) async throws {
        try same(await error(body)?.code, code, line: line)
    }
}
