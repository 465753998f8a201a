public import Base
public import Models

/// Finds the plan for a request: one that is configured, or one that is pinned to the model that the client names.
/// Immutable; from any thread.
public struct PlanBook: Sendable {
    /// Of the names under which clients ask for plans.
    public static let prefix = "plan/"

    private let directory: ModelDirectory
    private let version: @Sendable (Target) -> String?
    /// By their whole names; those whose models cannot be used are errors.
    private let configured: [String: Result<Plan, CodedError>]
    /// By the whole names of models that mean a plan: its whole name.
    private let exact: [String: String]
    /// The beginnings of such names, in the order of their declaration.
    private let beginnings: [(start: String, plan: String)]
    /// By the names of the directory.
    private let pinned: [String: Plan]
    /// What clients may ask for besides models, in the order of their declaration: `plan/NAME` of every plan that can be
    /// used, then the models' names that mean one and no model.
    public let names: [String]

    /// O(templates + names of the directory), some microseconds each.
    /// - Parameter version: What stands behind a target besides its name; plans differ when it does.
    /// - Throws: The first fault of a plan, with `plans` and its name before its place.
    public init(
        _ templates: [PlanTemplate], directory: ModelDirectory,
        version: @escaping @Sendable (Target) -> String? = { _ in nil }
    ) throws(PlanProblem) {
        var configured: [String: Result<Plan, CodedError>] = [:]
        var exact: [String: String] = [:]
        var beginnings: [(start: String, plan: String)] = []
        var (names, ruled): ([String], [String]) = ([], [])
        for template in templates {
            let whole = Self.prefix + template.name
            guard PlanCheck.isName(template.name), configured[whole] == nil else {
                throw PlanProblem(
                    ["plans", template.name],
                    "A plan's name must be 1 to 64 letters, digits, '_' and '-', and no other plan's.")
            }
            if let problem = template.problems.first(where: \.isError) {
                throw PlanProblem(["plans", template.name] + problem.path, problem.sentence)
            }
            do throws(CodedError) {
                configured[whole] = .success(try template.plan(in: directory, version: version))
                names.append(whole)
            } catch {
                configured[whole] = .failure(error)
            }
            for model in template.models {
                if model.hasSuffix("*") {
                    beginnings.append((String(model.dropLast()), whole))
                } else if exact[model] == nil {
                    exact[model] = whole
                    if names.last == whole { ruled.append(model) }
                }
            }
        }
        let known = Set(directory.names)
        self.init(
            configured, exact, beginnings, names + ruled.filter { !known.contains($0) }, directory, version)
    }

    /// Without plans of several experts.
    public init(directory: ModelDirectory) { self.init([:], [:], [], [], directory) { _ in nil } }

    private init(
        _ configured: [String: Result<Plan, CodedError>], _ exact: [String: String],
        _ beginnings: [(start: String, plan: String)], _ names: [String], _ directory: ModelDirectory,
        _ version: @escaping @Sendable (Target) -> String?
    ) {
        self.configured = configured
        self.exact = exact
        self.beginnings = beginnings
        self.names = names
        self.directory = directory
        self.version = version
        pinned = Dictionary(
            directory.names.compactMap { name in
                (try? directory.resolve(name)).map { (name, Self.pin(name, $0, version).identified()) }
            }
        ) { first, _ in first }
    }

    /// The plan for a request that is answered as somebody, or as nobody in particular. One dictionary look-up for a model
    /// of the directory.
    /// - Throws: ``ErrorCode/modelNotFound`` with near names, or ``ErrorCode/modelUnavailable``.
    public func plan(for request: ChatRequest, as persona: Persona? = nil) throws(CodedError) -> Plan {
        try plan(named: request.model).speaking(as: persona)
    }

    /// The plan under a client's name for a model: `plan/NAME`, a model's, or one that a rule knows.
    public func plan(named name: String) throws(CodedError) -> Plan {
        if !configured.isEmpty, let whole = planName(name), let found = configured[whole] {
            var plan = try found.get()
            if whole != name { plan = plan.called(name) }
            return plan
        }
        if let plan = pinned[name] { return plan }
        guard name.hasPrefix(Self.prefix) else { return Self.pin(name, try directory.resolve(name), version) }
        let all = Array(configured.keys).sorted()
        let near = NearestNames.of(name, in: names.isEmpty ? all : names.filter { $0.hasPrefix(Self.prefix) })
        let advice =
            near.isEmpty
            ? "GET /v1/models lists what there is." : "Did you mean \(near.map { "'\($0)'" }.joined(separator: ", "))?"
        let shown = String(
            decoding: name.utf8.dropFirst(Self.prefix.utf8.count).prefix(100).map {
                $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0
            }, as: UTF8.self)
        throw CodedError(.modelNotFound, "There is no plan '\(shown)'. \(advice)", param: "model")
    }

    private func planName(_ name: String) -> String? {
        if name.hasPrefix(Self.prefix) { return name }
        if let whole = exact[name] { return whole }
        return beginnings.first { name.hasPrefix($0.start) }?.plan
    }

    private static func pin(_ name: String, _ route: Route, _ version: (Target) -> String?) -> Plan {
        Plan(model: name, route: route, versions: route.chain.map { version($0) ?? "" })
    }
}
