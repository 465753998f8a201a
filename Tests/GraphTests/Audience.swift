import Base
import TestKit

@testable import Graph

/// Who listens to one run on a schedule: nobody, somebody who holds it up, somebody who may miss events, or both.
struct Audience: Sendable {
    struct Heard: Equatable, Sendable {
        var lines: [String] = []
        var ends = 0
        /// Exactly one end, and nothing after it.
        var isWhole = false
    }

    let listeners: [any RunListener<Never>]
    private let readers: [Task<Heard, Never>]

    init(_ draw: UInt64, on executor: SeededExecutor) {
        // Never none of them.
        let kinds = EventKinds(rawValue: UInt8(1 + (draw >> 8) % 15))
        var streams: [RunEventStream<Never>] = []
        if draw % 5 == 0 { streams.append(RunEventStream(capacity: 1 + Int((draw >> 16) % 3), kinds: kinds)) }
        if draw % 6 == 0 {
            streams.append(RunEventStream(capacity: 2, kinds: [.debug, .updates, .values], dropping: kinds))
        }
        listeners = streams
        readers = streams.map { stream in
            Task(executorPreference: executor) { await Audience.read(stream, pause: Int((draw >> 24) % 3)) }
        }
    }

    /// What they have heard, once the run has ended.
    func leave() async -> [Heard] {
        var heard: [Heard] = []
        for reader in readers { heard.append(await reader.value) }
        return heard
    }

    private static func read(_ stream: RunEventStream<Never>, pause: Int) async -> Heard {
        var heard = Heard()
        while let event = await stream.next() {
            heard.lines.append(line(event))
            heard.ends += event.isLast ? 1 : 0
            heard.isWhole = event.isLast && heard.ends == 1
            for _ in 0..<pause { await Task.yield() }
        }
        return heard
    }

    private static func line(_ event: RunEvent<Never>) -> String {
        switch event {
        case .nodeStarted(let node, let round): "\(node)#\(round) starts"
        case .nodeFinished(let node, let round, let duration): "\(node)#\(round) finishes in \(duration)"
        case .nodeFailed(let node, let round, _, let error): "\(node)#\(round) fails: \(error)"
        case .nodeSkipped(let node): "\(node) is skipped"
        case .policyActed(let node, let round, let act): "\(node)#\(round): \(act)"
        case .updated(let update): "\(update.node)#\(update.round) writes \(update.fields)"
        case .values(let values):
            "\(values.node)#\(values.round) comes to \(values.of(Board.self).map { "\($0.log) \($0.mapped)" } ?? "")"
        case .asked(let question): "\(question.id) asks"
        case .failed(let node, let error): "failed at \(node ?? ""): \(error)"
        case .finished, .cancelled, .parked, .emitted: "\(event)"
        }
    }
}
