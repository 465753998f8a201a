internal import Identity
internal import Models
internal import Resilience

/// A plan as bytes that are the same for plans that answer alike, however they are written down, and differ for all
/// others. Every value has its length or its end, so that no two run into each other; texts of prompts are in it by
/// their hash alone, so that the form may be shown.
///
/// Experts are in the order of their names. Where their declaration counts, the names in that order are added.
struct CanonicalForm {
    /// Another number whenever the form changes: what was kept under the old identity is not found under the new one.
    private static let version = 1

    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(2048) }

    mutating func add(experts: [Plan.Expert], fusion: FusionRule, limits: Plan.Limits) {
        add("plan", Self.version)
        // Bytes, not Swift's order of texts: that knows equal ones of different bytes.
        let sorted = experts.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        add("experts", sorted.count)
        for expert in sorted { add(expert) }
        add(fusion)
        if fusion.isOrdered {
            let inputs = PlanCheck.last(of: experts)
            add("order", inputs.count)
            for expert in inputs { add("input", expert.name) }
        }
        add("limits.experts", limits.experts)
        add("limits.tokens", limits.tokens)
        add("limits.wall", limits.wallTime)
    }

    /// All but its layer and its share of the time, which change what is told of the run and not the answer.
    private mutating func add(_ expert: Plan.Expert) {
        add("name", expert.name)
        add("model", expert.model)
        add(expert.route, expert.versions)
        add("instructions", prompt: expert.instructions)
        let tools = expert.tools.map(Set.init)
        add("tools", tools?.count)
        for tool in (tools ?? []).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { add("tool", tool) }
        add("after", expert.after.count)
        for name in expert.after { add("of", name) }
        add("timeout", expert.timeout)
        add("optional", expert.isOptional ? 1 : 0)
        add("fallback", prompt: expert.fallback)
        add("cached", expert.isCached ? 1 : 0)
        add("temperature", expert.parameters.temperature)
        add("top_p", expert.parameters.topP)
        add("max_tokens", expert.parameters.maxTokens)
        add("seed", expert.parameters.seed.map { "\($0)" })
    }

    private mutating func add(_ route: Route, _ versions: [String]) {
        add("chain", route.chain.count)
        for target in route.chain {
            add("provider", target.provider)
            add("target", target.model)
        }
        add("versions", versions.count)
        for version in versions { add("version", version) }
        add("strategy", route.strategy.rawValue)
        add("weights", route.weights.count)
        for weight in route.weights { add("weight", weight) }
        add("window", route.window)
        // Which model of a chain answers depends on how long each is given, so all of it counts.
        add("settings", parts: route.settings.isEmpty ? nil : route.settings)
        add("timeouts", parts: route.timeouts.isEmpty ? nil : route.timeouts)
    }

    private mutating func add(_ fusion: FusionRule) {
        add("fusion", fusion.kind.rawValue)
        switch fusion {
        case .lead(let name), .own(let name): add("of", name)
        case .vote: break
        case .concatenate(let separator, let titled):
            add("separator", separator)
            add("titled", titled ? 1 : 0)
        case .synthesise(let model): add(model)
        case .best(let signals):
            // Their scores are added up, in whichever order.
            let forms = signals.map { signal in
                var form = CanonicalForm()
                form.add(signal)
                return form.bytes
            }
            add("signals", forms.count)
            for form in forms.sorted(by: { $0.lexicographicallyPrecedes($1) }) { add("signal", bytes: form) }
        }
    }

    private mutating func add(_ signal: FusionSignal) {
        add("signal", signal.name)
        add("weight", signal.weight)
        switch signal.kind {
        case .judge(let model): add(model)
        case .length(let range):
            add("from", range.lowerBound)
            add("to", range.upperBound)
        case .agreement, .format: break
        }
    }

    private mutating func add(_ model: FusionModel) {
        add("model", model.model)
        add(model.route, model.versions)
        add("instructions", prompt: model.instructions)
    }

    // MARK: Values

    private mutating func add(_ name: StaticString, bytes value: [UInt8]) {
        bytes.append(contentsOf: "\(name)=\(value.count):".utf8)
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// `nil` is told from the empty text.
    private mutating func add(_ name: StaticString, _ text: String?) {
        add(name, bytes: text.map { Array("\"\($0)".utf8) } ?? [])
    }

    private mutating func add(_ name: StaticString, _ number: Int?) { add(name, number.map { "\($0)" }) }

    /// Zero has one form, whatever its sign.
    private mutating func add(_ name: StaticString, _ number: Double?) {
        add(name, number.map { String(($0 + 0).bitPattern, radix: 16) })
    }

    private mutating func add(_ name: StaticString, _ duration: Duration?) {
        add(name, duration.map { "\($0.components.seconds) \($0.components.attoseconds)" })
    }

    private mutating func add(_ name: StaticString, prompt: String?) {
        add(name, prompt.map { SHA256.hex(of: Array($0.utf8)) })
    }

    private mutating func add(_ name: StaticString, parts value: (any Sendable)?) {
        guard let value else { return add(name, bytes: []) }
        var form: [UInt8] = []
        Self.describe(value, into: &form)
        add(name, bytes: Array(SHA256.hex(of: form).utf8))
    }

    /// All stored parts of a value by their names. So a setting that is added later counts without being listed here.
    private static func describe(_ value: Any, into form: inout [UInt8]) {
        func leaf(_ text: String) { form.append(contentsOf: "\(text.utf8.count):\(text)".utf8) }
        switch value {
        case let value as Duration: return leaf("\(value.components.seconds) \(value.components.attoseconds)")
        case let value as Double: return leaf(String((value + 0).bitPattern, radix: 16))
        default: break
        }
        let mirror = Mirror(reflecting: value)
        guard !mirror.children.isEmpty else { return leaf("\(value)") }
        var parts = mirror.children.map { child in
            var part: [UInt8] = []
            describe(child.value, into: &part)
            return (name: child.label ?? "", form: part)
        }
        // These come in another order in every process.
        if mirror.displayStyle == .dictionary || mirror.displayStyle == .set {
            parts.sort { $0.form.lexicographicallyPrecedes($1.form) }
        }
        form.append(UInt8(ascii: "("))
        for part in parts {
            leaf(part.name)
            form.append(contentsOf: part.form)
        }
        form.append(UInt8(ascii: ")"))
    }
}
