internal import JSON

/// One check of an answer. It knows three verdicts, because a pattern may be unchecked and the budget may be spent:
/// what follows from the unknown is unknown.
struct SchemaEvaluation {
    /// In ascending order: a rule of which all parts must hold is as true as the falsest of them.
    enum Verdict: Comparable {
        case invalid, unknown, valid

        var negated: Verdict {
            switch self {
            case .invalid: .valid
            case .unknown: .unknown
            case .valid: .invalid
            }
        }
    }

    /// How many rules may be open at once, so that the stack is bounded: a document of 64 levels, with several
    /// references and combinations to each.
    static let maxDepth = 512

    private let subschemas: [Subschema]
    private let limit: Int
    private var steps: Int
    private var depth = 0
    private(set) var isSpent = false
    private var violations: [SchemaViolation] = []
    /// The way to the value that is looked at.
    var way: [SchemaStep] = []
    /// Whether what is found is said: not while it is tried which of several schemas fits.
    var isReporting = true

    init(_ schema: JSONSchema, limit: Int, steps: Int) {
        subschemas = schema.subschemas
        self.limit = limit
        self.steps = steps
    }

    mutating func violations(in instance: JSONNode) -> [SchemaViolation] {
        findDuplicates(in: instance)
        var marks: SchemaMarks?
        _ = verdict(of: 0, on: instance, marking: &marks)
        if isSpent {
            let message = "The answer was not checked to its end: that would take too many steps"
            violations.append(SchemaViolation(.undecided, path: "", message: message))
        }
        return violations
    }

    /// O(n) in the answer's size, which is no more than reading it took.
    private mutating func findDuplicates(in node: JSONNode) {
        guard isCollecting else { return }
        if node.kind == .object, let key = node.duplicateKey {
            let name = SchemaText.short(Array(key.utf8)[...])
            report(.duplicateKey, "must not have the member '\(name)' twice")
        }
        for member in node.members {
            way.append(.member(member.key))
            findDuplicates(in: member.value)
            way.removeLast()
        }
        for (position, element) in node.elements.enumerated() {
            way.append(.element(position))
            findDuplicates(in: element)
            way.removeLast()
        }
    }
}

extension SchemaEvaluation {
    /// Whether it is worth going on after something has been found wrong.
    var isCollecting: Bool { isReporting && violations.count < limit && !isSpent }
    var violationCount: Int { violations.count }

    /// Takes steps from the budget; when it is spent, every verdict from then on is unknown.
    mutating func spend(_ count: Int) -> Bool {
        steps -= count
        if steps < 0 { isSpent = true }
        return !isSpent
    }

    mutating func fail(_ what: @autoclosure () -> String) -> Verdict {
        if isCollecting { report(.mismatch, what()) }
        return .invalid
    }

    private mutating func report(_ kind: SchemaViolation.Kind, _ what: String) {
        let message = "\(SchemaText.subject(way)) \(what)"
        violations.append(SchemaViolation(kind, path: SchemaText.pointer(way), message: message))
    }

    /// - Parameter marks: notes which members or elements have been looked at, where somebody wants to know.
    mutating func verdict(of id: Int, on node: JSONNode, marking marks: inout SchemaMarks?) -> Verdict {
        guard spend(1) else { return .unknown }
        guard depth < Self.maxDepth else {
            isSpent = true
            return .unknown
        }
        depth += 1
        defer { depth -= 1 }
        let subschema = subschemas[id]
        var own = marks != nil || subschema.seesUnevaluated ? SchemaMarks(node.count) : nil
        if own != nil, !spend(node.count / 16) { return .unknown }
        var result = Verdict.valid
        for rule in subschema.rules {
            result = min(result, verdict(of: rule, on: node, marking: &own))
            if isSpent { return min(result, .unknown) }
            if result == .invalid, !isCollecting { return .invalid }
        }
        if let own { marks?.merge(own, as: result) }
        return result
    }

    /// The same, where nobody wants to know what has been looked at.
    mutating func verdict(of id: Int, on node: JSONNode) -> Verdict {
        var marks: SchemaMarks?
        return verdict(of: id, on: node, marking: &marks)
    }

    /// The same without saying what is wrong.
    mutating func silentVerdict(of id: Int, on node: JSONNode, marking marks: inout SchemaMarks?) -> Verdict {
        let wasReporting = isReporting
        isReporting = false
        defer { isReporting = wasReporting }
        return verdict(of: id, on: node, marking: &marks)
    }

    mutating func silentVerdict(of id: Int, on node: JSONNode) -> Verdict {
        var marks: SchemaMarks?
        return silentVerdict(of: id, on: node, marking: &marks)
    }

    private mutating func verdict(
        of rule: SchemaRule, on node: JSONNode, marking marks: inout SchemaMarks?
    ) -> Verdict {
        switch rule {
        case .never: fail("is not allowed")
        case .types(let types): check(types, node)
        case .values(let values): check(values, node)
        case .number(let rule): check(rule, node)
        case .length(let rule): checkLength(rule, node)
        case .pattern(let matches): check(pattern: matches, node)
        case .array(let rule): check(rule, node, &marks)
        case .object(let rule): check(rule, node, &marks)
        case .dependentRequired(let key, let wants): checkDependent(key, wants, node)
        case .dependentSchema(let key, let id): checkDependent(key, id, node, &marks)
        case .all(let ids): checkAll(ids, node, &marks)
        case .any(let ids): checkAny(ids, node, &marks)
        case .one(let ids): checkOne(ids, node, &marks)
        case .not(let id): checkNot(id, node)
        case .condition(let id, let then, let otherwise): checkCondition(id, then, otherwise, node, &marks)
        case .reference(let id): verdict(of: id, on: node, marking: &marks)
        case .unevaluatedItems(let id): checkUnevaluated(id, itemsOf: node, &marks)
        case .unevaluatedProperties(let id): checkUnevaluated(id, membersOf: node, &marks)
        }
    }

    /// The types that a value must be of so that a schema can hold, as far as that is cheaply seen. References are
    /// followed a few steps.
    func types(of id: Int, references: Int = 8) -> SchemaTypes {
        subschemas[id].rules.reduce(into: .any) { types, rule in
            switch rule {
            case .never: types = []
            case .types(let allowed):
                // A number may be an integer.
                types.formIntersection(allowed.contains(.number) ? allowed.union(.integer) : allowed)
            case .values(let values): types.formIntersection(values.types)
            case .reference(let target) where references > 0:
                types.formIntersection(self.types(of: target, references: references - 1))
            default: break
            }
        }
    }
}

/// Which members of an object, or elements of an array, have been looked at: `unknown` are those of which that depends
/// on what could not be checked.
struct SchemaMarks {
    private(set) var states: [SchemaEvaluation.Verdict]

    init(_ count: Int) { states = Array(repeating: .invalid, count: count) }

    mutating func mark(_ position: Int, as state: SchemaEvaluation.Verdict) {
        guard states.indices.contains(position) else { return }
        states[position] = max(states[position], state)
    }

    /// What a schema has looked at counts as far as the schema holds.
    mutating func merge(_ other: SchemaMarks, as verdict: SchemaEvaluation.Verdict) {
        for (position, state) in other.states.enumerated() { mark(position, as: min(state, verdict)) }
    }
}
