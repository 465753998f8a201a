internal import JSON

/// Rules that combine schemas on the same value.
extension SchemaEvaluation {
    mutating func checkAll(_ ids: [Int], _ node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        var result = Verdict.valid
        for id in ids {
            result = min(result, verdict(of: id, on: node, marking: &marks))
            if isSpent { return min(result, .unknown) }
            if result == .invalid, !isCollecting { return .invalid }
        }
        return result
    }

    mutating func checkAny(_ ids: [Int], _ node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        var result = Verdict.invalid
        for id in ids {
            result = max(result, silentVerdict(of: id, on: node, marking: &marks))
            if isSpent { return max(result, .unknown) }
            // Every schema that fits may look at other members.
            if result == .valid, marks == nil { return .valid }
        }
        return result == .invalid ? explain(ids, node) : result
    }

    mutating func checkOne(_ ids: [Int], _ node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        var (fitting, possible) = (0, 0)
        for id in ids {
            let result = silentVerdict(of: id, on: node, marking: &marks)
            if isSpent { return .unknown }
            if result == .valid { fitting += 1 }
            if result != .invalid { possible += 1 }
            if fitting > 1 { return fail("fits several of the \(ids.count) allowed forms, but must fit exactly one") }
        }
        if possible == 0 { return explain(ids, node) }
        return fitting == 1 && possible == 1 ? .valid : .unknown
    }

    /// Says what is wrong with a value that fits none of several schemas. If only one of them is for such a value,
    /// that is what is wrong by this one.
    private mutating func explain(_ ids: [Int], _ node: JSONNode) -> Verdict {
        guard isCollecting, spend(ids.count) else { return .invalid }
        let own = SchemaTypes(of: node)
        let candidates = ids.filter { !types(of: $0).isDisjoint(with: own) }
        if candidates.count == 1 {
            let before = violationCount
            _ = verdict(of: candidates[0], on: node)
            if violationCount > before || isSpent { return .invalid }
        }
        let allowed = ids.reduce(into: SchemaTypes()) { $0.formUnion(types(of: $1)) }
        if candidates.isEmpty { return fail("must be \(allowed.spoken), but is \(own.spokenOfValue)") }
        return fail("fits none of the \(ids.count) allowed forms")
    }

    mutating func checkNot(_ id: Int, _ node: JSONNode) -> Verdict {
        let result = silentVerdict(of: id, on: node).negated
        return result == .invalid ? fail("has a form that the schema excludes by 'not'") : result
    }

    mutating func checkCondition(
        _ id: Int, _ then: Int?, _ otherwise: Int?, _ node: JSONNode, _ marks: inout SchemaMarks?
    ) -> Verdict {
        switch silentVerdict(of: id, on: node, marking: &marks) {
        case .valid: return then.map { verdict(of: $0, on: node, marking: &marks) } ?? .valid
        case .invalid: return otherwise.map { verdict(of: $0, on: node, marking: &marks) } ?? .valid
        case .unknown:
            var looked = marks
            let branches = [then, otherwise].map { branch in
                branch.map { silentVerdict(of: $0, on: node, marking: &looked) } ?? .valid
            }
            if let looked { marks?.merge(looked, as: .unknown) }
            if branches == [.valid, .valid] { return .valid }
            return branches == [.invalid, .invalid] && !isSpent ? fail("fits neither 'then' nor 'else'") : .unknown
        }
    }

    mutating func checkDependent(_ key: String, _ wants: [String], _ node: JSONNode) -> Verdict {
        guard spend(node.count / 16), has(key, node) else { return isSpent ? .unknown : .valid }
        var result = Verdict.valid
        for other in wants {
            guard spend(1 + node.count / 16) else { return min(result, .unknown) }
            guard !has(other, node) else { continue }
            let names = [key, other].map { SchemaText.short(Array($0.utf8)[...]) }
            result = fail("must have the member '\(names[1])', because it has '\(names[0])'")
            if !isCollecting { break }
        }
        return result
    }

    mutating func checkDependent(_ key: String, _ id: Int, _ node: JSONNode, _ marks: inout SchemaMarks?) -> Verdict {
        guard spend(node.count / 16) else { return .unknown }
        return has(key, node) ? verdict(of: id, on: node, marking: &marks) : .valid
    }

    private func has(_ key: String, _ node: JSONNode) -> Bool { node[key] != nil }
}
