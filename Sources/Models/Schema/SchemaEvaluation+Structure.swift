internal import JSON

/// Rules about arrays and objects.
extension SchemaEvaluation {
    mutating func check(_ rule: ArrayRule, _ node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        guard node.kind == .array else { return .valid }
        var result = Verdict.valid
        if let count = rule.count { result = check(node.count, count, "element", "elements") }
        if rule.isUnique { result = min(result, checkUnique(node)) }
        guard rule.looksAtElements else { return result }
        /// How many elements the schema for `contains` fits, and may fit.
        var (fitting, possible) = (0, 0)
        for (position, element) in node.elements.enumerated() {
            guard spend(1) else { return min(result, .unknown) }
            if result == .invalid, !isCollecting { return .invalid }
            if let id = position < rule.prefix.count ? rule.prefix[position] : rule.items {
                way.append(.element(position))
                result = min(result, verdict(of: id, on: element))
                way.removeLast()
                marks?.mark(position, as: .valid)
            } else if rule.contains == nil {
                break
            }
            if let id = rule.contains {
                let contained = silentVerdict(of: id, on: element)
                if contained == .valid { fitting += 1 }
                if contained != .invalid { possible += 1 }
                marks?.mark(position, as: contained)
            }
        }
        guard rule.contains != nil else { return result }
        return isSpent ? min(result, .unknown) : min(result, checkContained(fitting, possible, rule.containsCount))
    }

    private mutating func checkContained(_ fitting: Int, _ possible: Int, _ rule: CountRule) -> Verdict {
        if possible < rule.least {
            let wanted = SchemaText.count(rule.least, "element", "elements")
            return fail("must have at least \(wanted) that the schema's 'contains' fits, but has \(possible)")
        }
        if fitting > rule.most {
            let wanted = SchemaText.count(rule.most, "element", "elements")
            return fail("must have at most \(wanted) that the schema's 'contains' fits, but has \(fitting)")
        }
        return fitting >= rule.least && possible <= rule.most ? .valid : .unknown
    }

    private mutating func checkUnique(_ node: JSONNode) -> Verdict {
        var seen = Set<[UInt8]>()
        for (position, element) in node.elements.enumerated() {
            let canonical = SchemaValue.canonical(element)
            guard spend(1 + canonical.count / 16) else { return .unknown }
            if !seen.insert(canonical).inserted {
                return fail("must not have equal elements, but element \(position) equals one before it")
            }
        }
        return .valid
    }

    mutating func check(_ rule: ObjectRule, _ node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        guard node.kind == .object else { return .valid }
        var result = Verdict.valid
        if let count = rule.count { result = check(node.count, count, "member", "members") }
        guard rule.looksAtMembers else { return result }
        var isThere = Array(repeating: false, count: rule.required.count)
        for (position, member) in node.members.enumerated() {
            let key = member.key.stringBytes ?? []
            guard spend(1 + key.count / 16) else { return min(result, .unknown) }
            if result == .invalid, !isCollecting { return .invalid }
            if let required = rule.members[key]?.required { isThere[required] = true }
            let (verdict, looked) = check(member.value, named: member.key, rule)
            result = min(result, verdict)
            marks?.mark(position, as: looked)
        }
        guard !isSpent else { return min(result, .unknown) }
        for (position, key) in rule.required.enumerated() where !isThere[position] {
            result = fail("must have the member '\(SchemaText.short(key))', which is missing")
            if !isCollecting { break }
        }
        return result
    }

    /// One member, and whether a schema was there for it.
    private mutating func check(
        _ value: JSONNode, named name: JSONNode, _ rule: ObjectRule
    ) -> (verdict: Verdict, looked: Verdict) {
        let key = name.stringBytes ?? []
        var result = Verdict.valid
        var looked = Verdict.invalid
        way.append(.member(name))
        if let id = rule.members[key]?.schema {
            looked = .valid
            result = verdict(of: id, on: value)
        }
        for pattern in rule.patterns {
            guard spend(1 + key.count / 16) else { break }
            guard let matches = pattern.matches else {
                looked = max(looked, .unknown)
                result = min(result, .unknown)
                continue
            }
            guard matches(key) else { continue }
            looked = .valid
            result = min(result, verdict(of: pattern.schema, on: value))
        }
        if let id = rule.additional, looked != .valid {
            // Whether this is an additional member is as unknown as whether a pattern matches its name.
            if looked == .invalid { result = min(result, verdict(of: id, on: value)) }
            looked = .valid
        }
        way.removeLast()
        if let id = rule.names {
            way.append(.name(name))
            result = min(result, verdict(of: id, on: name))
            way.removeLast()
        }
        return (result, looked)
    }

    mutating func checkUnevaluated(_ id: Int, itemsOf node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        guard let states = marks?.states else { return .valid }
        var result = Verdict.valid
        for (position, element) in node.elements.enumerated() where position < states.count {
            guard spend(1) else { return min(result, .unknown) }
            if result == .invalid, !isCollecting { return .invalid }
            result = min(result, checkRest(id, element, at: .element(position), states[position]))
            marks?.mark(position, as: .valid)
        }
        return result
    }

    mutating func checkUnevaluated(_ id: Int, membersOf node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        guard let states = marks?.states else { return .valid }
        var result = Verdict.valid
        for (position, member) in node.members.enumerated() where position < states.count {
            guard spend(1) else { return min(result, .unknown) }
            if result == .invalid, !isCollecting { return .invalid }
            result = min(result, checkRest(id, member.value, at: .member(member.key), states[position]))
            marks?.mark(position, as: .valid)
        }
        return result
    }

    private mutating func checkRest(_ id: Int, _ node: JSONNode, at step: SchemaStep, _ looked: Verdict) -> Verdict {
        way.append(step)
        defer { way.removeLast() }
        switch looked {
        case .valid: return .valid
        case .invalid: return verdict(of: id, on: node)
        case .unknown: return max(.unknown, silentVerdict(of: id, on: node))
        }
    }
}
