internal import Base
internal import Orchestrator

/// How answers are fused, as it is written: what depends on the plan's experts is still open.
struct FusionDraft {
    var kind: FusionRule.Kind
    var expert: String?
    var model: String?
    var instructions: String?
    var separator: String?
    var isTitled = false
    var judge: FusionModel?
    /// Whether the file has a judge, perhaps one that could not be read.
    var hasJudge = false
    var signals: [Signal]?

    struct Signal {
        var name: String
        var weight: Double
        var length: ClosedRange<Int>?
    }

    /// Those that a file can name; a fusion of one's own is a library user's.
    static let kinds = FusionRule.Kind.allCases.filter { $0 != .own }.map(\.rawValue)
    static let signalNames = ["judge", "agreement", "length", "format"]
    static let fields = [
        "kind", "expert", "judge", "signals", "separator", "titled", "model", "instructions",
    ]
    static let judgeFields = ["model", "instructions"]
    static let lengthFields = ["from", "to", "weight"]

    /// The fields of each kind besides `kind`.
    static func fields(of kind: FusionRule.Kind) -> [String] {
        switch kind {
        case .lead: ["expert"]
        case .best: ["judge", "signals"]
        case .concatenate: ["separator", "titled"]
        case .synthesise: ["model", "instructions"]
        case .vote, .own: []
        }
    }

    /// The signals of `best`: those that are named, the judge among them, else what costs no call.
    var bestSignals: [FusionSignal] {
        var signals = signals ?? []
        if judge != nil, !signals.contains(where: { $0.name == "judge" }) {
            signals.insert(Signal(name: "judge", weight: 1), at: 0)
        }
        if signals.isEmpty, self.signals == nil {
            signals = ["agreement", "format"].map { Signal(name: $0, weight: 1) }
        }
        return signals.compactMap { signal in
            switch signal.name {
            case "judge": judge.map { FusionSignal(.judge($0), weight: signal.weight) }
            case "agreement": FusionSignal(.agreement, weight: signal.weight)
            case "format": FusionSignal(.format, weight: signal.weight)
            default: signal.length.map { FusionSignal(.length($0), weight: signal.weight) }
            }
        }
    }
}

extension ConfigurationLoader {
    /// A kind alone, or a map of it and its fields.
    mutating func fusion(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> FusionDraft? {
        guard case .map(let entries) = node.value else {
            return fusionKind(node, path, into: &draft, of: document).map { FusionDraft(kind: $0) }
        }
        guard let first = entries.first(where: { $0.key == "kind" }) else {
            report(
                "\(draft.shown(path)) needs a kind: one of \(FusionDraft.kinds.joined(separator: ", ")).",
                document.source(node.place))
            return nil
        }
        guard let kind = fusionKind(first.node, path + ["kind"], into: &draft, of: document) else { return nil }
        var fusion = FusionDraft(kind: kind)
        let fields = FusionDraft.fields(of: kind)
        for entry in entries where entry.key != "kind" {
            let path = path + [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            if fields.contains(entry.key) {
                read(entry, path, of: &fusion, into: &draft, of: document)
            } else if FusionDraft.fields.contains(entry.key) {
                report("\(draft.shown(path)) is not for the kind \(kind.rawValue).", document.source(entry.place))
            } else {
                reportUnknown(entry, in: draft.shown(["fusion"]), near: fields + ["kind"], of: document)
            }
        }
        if !fusion.hasJudge, fusion.signals?.contains(where: { $0.name == "judge" }) ?? false {
            report(
                "\(draft.shown(path)) has the signal judge, but no judge: name its model, such as judge: gpt-4o-mini.",
                draft.source(of: path + ["signals", "judge"]))
        }
        return fusion
    }

    private mutating func fusionKind(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> FusionRule.Kind? {
        let kinds = FusionDraft.kinds
        let must = "one of \(kinds.joined(separator: ", "))"
        return value(node, path, must, into: &draft, of: document, near: kinds, show: { $0.rawValue }) {
            kinds.contains($0) ? FusionRule.Kind(rawValue: $0) : nil
        }
    }

    private mutating func read(
        _ entry: YAMLNode.Entry, _ path: [String], of fusion: inout FusionDraft, into draft: inout PlanDraft,
        of document: ConfigurationDocument
    ) {
        let node = entry.node
        switch entry.key {
        case "expert":
            fusion.expert = value(node, path, "an expert of this plan", into: &draft, of: document, show: { $0 }) {
                PlanCheck.isName($0) ? $0 : nil
            }
        case "model": fusion.model = modelName(node, path, into: &draft, of: document)
        case "instructions": fusion.instructions = prose(node, path, into: &draft, of: document)
        case "separator": fusion.separator = prose(node, path, into: &draft, of: document)
        case "titled": fusion.isTitled = flag(node, path, into: &draft, of: document) ?? false
        case "judge":
            fusion.hasJudge = true
            fusion.judge = judge(node, path, into: &draft, of: document)
        default: fusion.signals = signals(node, path, into: &draft, of: document)
        }
    }

    /// A model, or a map of that and what it is told.
    private mutating func judge(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> FusionModel? {
        guard case .map(let entries) = node.value else {
            return modelName(node, path, into: &draft, of: document).map { FusionModel(model: $0) }
        }
        var judge: FusionModel?
        var instructions: String?
        for entry in entries {
            let path = path + [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            switch entry.key {
            case "model":
                judge = modelName(entry.node, path, into: &draft, of: document).map { FusionModel(model: $0) }
            case "instructions": instructions = prose(entry.node, path, into: &draft, of: document)
            default:
                reportUnknown(entry, in: draft.shown(["fusion", "judge"]), near: FusionDraft.judgeFields, of: document)
            }
        }
        if !entries.contains(where: { $0.key == "model" }) {
            report("\(draft.shown(path)) needs a model, such as gpt-4o-mini.", document.source(node.place))
        }
        judge?.instructions = instructions
        return judge
    }

    private mutating func signals(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> [FusionDraft.Signal]? {
        let example = "{ agreement: 1, length: { from: 20, to: 4000 } }"
        guard let entries = planMap(node, path, in: draft, such: example, of: document) else { return nil }
        var signals: [FusionDraft.Signal] = []
        for entry in entries {
            let path = path + [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            switch entry.key {
            case "length":
                guard let signal = lengthSignal(entry.node, path, into: &draft, of: document) else { continue }
                signals.append(signal)
            case let name where FusionDraft.signalNames.contains(name):
                let weight = number(entry.node, path, FusionSignal.weights, into: &draft, of: document)
                signals.append(FusionDraft.Signal(name: name, weight: weight ?? 1))
            default:
                reportUnknown(
                    entry, in: draft.shown(["fusion", "signals"]), near: FusionDraft.signalNames, of: document)
            }
        }
        return signals
    }

    private mutating func lengthSignal(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> FusionDraft.Signal? {
        let example = "{ from: 20, to: 4000 }"
        guard let entries = planMap(node, path, in: draft, such: example, of: document) else { return nil }
        var (from, to) = (FusionSignal.lengths.lowerBound, FusionSignal.lengths.upperBound)
        var weight = 1.0
        for entry in entries {
            let path = path + [entry.key]
            switch entry.key {
            case "from": from = count(entry.node, path, FusionSignal.lengths, into: &draft, of: document) ?? from
            case "to": to = count(entry.node, path, FusionSignal.lengths, into: &draft, of: document) ?? to
            case "weight":
                weight = number(entry.node, path, FusionSignal.weights, into: &draft, of: document) ?? weight
            default:
                reportUnknown(
                    entry, in: draft.shown(["fusion", "signals", "length"]), near: FusionDraft.lengthFields,
                    of: document)
            }
        }
        guard from <= to else {
            report("\(draft.shown(path)) must have a from that is at most its to.", document.source(node.place))
            return nil
        }
        return FusionDraft.Signal(name: "length", weight: weight, length: from...to)
    }
}
