internal import Base
internal import Graph
internal import JSON
internal import Models
internal import Orchestrator
internal import Transport

/// What a run spends its time with.
enum RunPhase: String, Sendable, CaseIterable {
    case validation, routing, execution, fusion, outputGuard, cache

    /// The phase that a node of the chat graph belongs to. Looking answers up is within `execute`: `ChatAnswer.times` has it.
    init?(node: String) {
        switch node {
        case "validate": self = .validation
        case "plan": self = .routing
        // Both ask models for the answer.
        case "execute", "repair": self = .execution
        case "fuse": self = .fusion
        case "guard": self = .outputGuard
        default: return nil
        }
    }
}

/// When a phase is told as a bottleneck.
struct BottleneckRule: Sendable, Equatable {
    /// Of the whole run: a phase that took more.
    var share = 0.5
    /// A phase that took longer than it may, whatever its share.
    var budgets: [RunPhase: Duration] = [:]
    /// The same for the time to the first token.
    var firstToken: Duration?
}

/// How long the phases of a run took, and each of its experts.
struct RunPhases: Sendable {
    private let rule: BottleneckRule
    private var durations: [RunPhase: Duration] = [:]
    private var firstToken: Duration?
    /// In the order of their declaration, however they ended.
    private var experts: [ExpertOutcome] = []
    /// What the plan lets its experts take of the whole, where it says so.
    private var shares: [String: Double] = [:]

    init(_ rule: BottleneckRule = BottleneckRule()) { self.rule = rule }

    mutating func note(_ signal: ChatSignal, since started: Instant, now: Instant) {
        switch signal {
        case .nodeFinished(let node, let duration):
            // What is gone through twice counts twice.
            if let phase = RunPhase(node: node) { durations[phase, default: .zero] += duration }
        case .said(.planned(let plan)):
            for expert in plan.experts { shares[expert.name] = expert.share }
        case .said(.model(let event)):
            if firstToken == nil, case .text = event.kind { firstToken = now.since(started) }
        default: break
        }
    }

    /// What is known once the answer is there.
    mutating func note(_ answer: ChatAnswer) {
        experts = answer.experts
        durations[.outputGuard, default: .zero] += answer.times.guarding
        durations[.cache, default: .zero] += answer.times.cache
    }

    /// The phases, and the experts as `execution/NAME`, that took more than their share or their time.
    func bottlenecks(total: Duration) -> [String] {
        var found: [String] = []
        for phase in RunPhase.allCases {
            let duration = durations[phase] ?? .zero
            let isSlow = rule.budgets[phase].map { duration > $0 } ?? false
            if isSlow || duration.isOver(rule.share, of: total) { found.append(phase.rawValue) }
        }
        for expert in experts {
            guard let share = shares[expert.name], expert.duration.isOver(share, of: total) else { continue }
            found.append("execution/\(expert.name)")
        }
        if let firstToken, let budget = rule.firstToken, firstToken > budget { found.append("ttft") }
        return found
    }

    /// Milliseconds, fractional; 0 for a phase that the turn did not need.
    func write(total: Duration, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("total", total.milliseconds)
        for phase in RunPhase.allCases {
            writer.key(phase.rawValue)
            writer.double((durations[phase] ?? .zero).milliseconds)
        }
        writer.key("ttft")
        if let firstToken { writer.double(firstToken.milliseconds) } else { writer.null() }
        if !experts.isEmpty {
            writer.key("experts")
            writer.beginObject()
            for expert in experts {
                writer.key(expert.name)
                writer.double(expert.duration.milliseconds)
            }
            writer.endObject()
            writer.key("outcomes")
            writer.beginObject()
            for expert in experts {
                writer.key(expert.name)
                writer.beginObject()
                writer.member("phase", expert.phase.name)
                writer.member("code", ifPresent: expert.failure?.name)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.member("bottlenecks", JSON.array(bottlenecks(total: total).map { .string($0) }))
        writer.endObject()
    }
}

extension Duration {
    fileprivate func isOver(_ share: Double, of total: Duration) -> Bool {
        self > .zero && milliseconds > total.milliseconds * share
    }
}

/// Notes the phases of a turn that is answered whole.
actor PhaseTimings: LoopBound, ChatSink {
    nonisolated let loop: EventLoop
    private(set) var phases: RunPhases
    private let started: Instant
    private let time: any TimeSource

    init(_ rule: BottleneckRule, loop: EventLoop, started: Instant, time: any TimeSource) {
        phases = RunPhases(rule)
        self.loop = loop
        self.started = started
        self.time = time
    }

    func receive(_ signal: ChatSignal) { phases.note(signal, since: started, now: time.now()) }
}
