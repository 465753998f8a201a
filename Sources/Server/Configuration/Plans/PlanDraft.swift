internal import Base
internal import Orchestrator

/// A plan as it is written, before it is known which of its models can be used.
struct PlanDraft {
    var template: PlanTemplate
    let source: ConfigurationSource
    /// Where its parts stand, by their paths within the plan.
    var sources: [[String]: ConfigurationSource] = [:]
    /// Its values as they were read, for `config show`.
    var settings: [EffectiveSetting] = []
    /// Where the file says how the answers are fused; the rule follows from the experts until it is settled.
    var fusion: FusionDraft?
    /// Whether all of it could be read. Of one that could not, only what follows from nothing else is told.
    var isWhole = true

    static let fields = ["experts", "fusion", "use_parallel", "limits", "when"]
    static let limits = ["experts", "tokens", "wall_time"]
    static let rules = ["model"]
    static let expertFields = [
        "model", "instructions", "tools", "after", "layer", "timeout", "optional", "fallback", "share", "cache",
        "temperature", "top_p", "max_tokens", "seed",
    ]

    var name: String { template.name }

    /// The place of a part, or of what it is a part of.
    func source(of path: [String]) -> ConfigurationSource {
        var path = path
        while !path.isEmpty {
            if let source = sources[path] { return source }
            path.removeLast()
        }
        return source
    }

    /// What messages call a part: `plans.council.experts.a.after[1]`.
    func shown(_ path: [String]) -> String {
        var text = "plans.\(name)"
        for (place, part) in path.enumerated() {
            text += place > 0 && path[place - 1] == "after" ? "[\(part)]" : ".\(part)"
        }
        return text
    }
}

extension ConfigurationLoader {
    mutating func readPlan(_ member: YAMLNode.Entry, of document: ConfigurationDocument) {
        let source = document.source(member.place)
        guard PlanCheck.isName(member.key) else {
            return report("A plan's name must be letters, digits, '_' and '-', at most 64.", source)
        }
        let example = "{ experts: { a: { model: auto }, b: { model: gpt-4o-mini } }, fusion: best }"
        guard case .map(let entries) = member.node.value else {
            return report(
                "plans.\(member.key) must be a map with experts, such as \(example).",
                document.source(member.node.place))
        }
        let before = problems.count
        var draft = PlanDraft(
            template: PlanTemplate(name: member.key, experts: [], fusion: .vote), source: source)
        for entry in entries {
            let path = [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            switch entry.key {
            case "experts": readExperts(entry.node, into: &draft, of: document)
            case "fusion": draft.fusion = fusion(entry.node, path, into: &draft, of: document)
            case "use_parallel":
                draft.template.parallel = flag(entry.node, path, into: &draft, of: document) ?? true
            case "limits": readLimits(entry.node, path, into: &draft, of: document)
            case "when": readRule(entry.node, path, into: &draft, of: document)
            default: reportUnknown(entry, in: "plans.\(draft.name)", near: PlanDraft.fields, of: document)
            }
        }
        if !entries.contains(where: { $0.key == "experts" }) {
            report("plans.\(draft.name) needs experts, such as \(example).", source)
        }
        draft.isWhole = problems.count == before
        plans.append(draft)
    }

    private mutating func readExperts(
        _ node: YAMLNode, into draft: inout PlanDraft, of document: ConfigurationDocument
    ) {
        let path = ["experts"]
        for entry in planMap(node, path, in: draft, such: "{ draft: { model: auto } }", of: document) ?? [] {
            guard PlanCheck.isName(entry.key) else {
                report(
                    "\(draft.shown(path)): an expert's name must be letters, digits, '_' and '-', at most 64.",
                    document.source(entry.place))
                continue
            }
            draft.sources[path + [entry.key]] = document.source(entry.place)
            readExpert(entry, path + [entry.key], into: &draft, of: document)
        }
    }

    private mutating func readExpert(
        _ member: YAMLNode.Entry, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) {
        var expert = Plan.Expert(name: member.key, model: "")
        for entry in planMap(member.node, path, in: draft, such: "{ model: auto }", of: document) ?? [] {
            let path = path + [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            read(entry, path, of: &expert, into: &draft, of: document)
        }
        // A map that is none, or a model that could not be read, has been told.
        if case .map(let entries) = member.node.value, !entries.contains(where: { $0.key == "model" }) {
            report("\(draft.shown(path)) needs a model, such as auto.", document.source(member.place))
        }
        draft.template.experts.append(expert)
    }

    private mutating func read(
        _ entry: YAMLNode.Entry, _ path: [String], of expert: inout Plan.Expert, into draft: inout PlanDraft,
        of document: ConfigurationDocument
    ) {
        let node = entry.node
        switch entry.key {
        case "model": expert.model = modelName(node, path, into: &draft, of: document) ?? ""
        case "instructions": expert.instructions = prose(node, path, into: &draft, of: document)
        case "tools":
            let must = "a list of tools of the request, such as [search]"
            expert.tools = texts(node, path, must, into: &draft, of: document) { !$0.isEmpty && $0.utf8.count <= 64 }
        case "after":
            let must = "a list of other experts of this plan, such as [research]"
            let names = texts(node, path, must, into: &draft, of: document) { PlanCheck.isName($0) }
            expert.after = names ?? []
        case "layer":
            let must = "letters, digits, '_' and '-', at most 64"
            expert.layer = value(node, path, must, into: &draft, of: document, show: { $0 }) {
                PlanCheck.isName($0) ? $0 : nil
            }
        case "timeout": expert.timeout = duration(node, path, into: &draft, of: document)
        case "optional": expert.isOptional = flag(node, path, into: &draft, of: document) ?? false
        case "fallback": expert.fallback = prose(node, path, into: &draft, of: document)
        case "share": expert.share = number(node, path, 0.001...1, into: &draft, of: document)
        case "cache": expert.isCached = flag(node, path, into: &draft, of: document) ?? false
        case "temperature":
            expert.parameters.temperature = number(node, path, PlanCheck.temperatures, into: &draft, of: document)
        case "top_p": expert.parameters.topP = number(node, path, 0.001...1, into: &draft, of: document)
        case "max_tokens":
            expert.parameters.maxTokens = count(node, path, PlanCheck.tokens, into: &draft, of: document)
        case "seed":
            expert.parameters.seed = count(node, path, 0...Int(Int32.max), into: &draft, of: document).map { Int64($0) }
        default:
            let section = draft.shown(Array(path.dropLast()))
            reportUnknown(entry, in: section, near: PlanDraft.expertFields, of: document)
        }
    }

    private mutating func readLimits(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) {
        for entry in planMap(node, path, in: draft, such: "{ tokens: 20000, wall_time: 60s }", of: document) ?? [] {
            let path = path + [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            switch entry.key {
            case "experts":
                let most = count(entry.node, path, 1...Plan.Limits.mostExperts, into: &draft, of: document)
                draft.template.limits.experts = most ?? Plan.Limits.mostExperts
            case "tokens":
                draft.template.limits.tokens = count(entry.node, path, PlanCheck.tokens, into: &draft, of: document)
            case "wall_time":
                draft.template.limits.wallTime = duration(entry.node, path, into: &draft, of: document)
            default: reportUnknown(entry, in: draft.shown(["limits"]), near: PlanDraft.limits, of: document)
            }
        }
    }

    /// For which names of models the plan is meant as well: one, or a list.
    private mutating func readRule(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) {
        for entry in planMap(node, path, in: draft, such: "{ model: [gpt-4o, team/*] }", of: document) ?? [] {
            guard entry.key == "model" else {
                reportUnknown(entry, in: draft.shown(path), near: PlanDraft.rules, of: document)
                continue
            }
            let path = path + [entry.key]
            draft.sources[path] = document.source(entry.node.place)
            let must =
                "a model's name or a list of them, each whole or a beginning with * behind it, such as [gpt-4o, team/*]"
            var list = entry.node
            if case .scalar = list.value, !list.isNull { list.value = .list([entry.node]) }
            draft.template.models = texts(list, path, must, into: &draft, of: document, isValid: Names.isRule) ?? []
        }
    }
}
