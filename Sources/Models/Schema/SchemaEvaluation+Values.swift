internal import JSON

/// Rules about one value alone.
extension SchemaEvaluation {
    mutating func check(_ types: SchemaTypes, _ node: JSONNode) -> Verdict {
        let own = SchemaTypes(of: node)
        guard types.isDisjoint(with: own) else { return .valid }
        return fail("must be \(types.spoken), but is \(own.spokenOfValue)")
    }

    mutating func check(_ values: SchemaValues, _ node: JSONNode) -> Verdict {
        if !values.types.isDisjoint(with: SchemaTypes(of: node)) {
            let canonical = SchemaValue.canonical(node)
            guard spend(canonical.count / 16) else { return .unknown }
            if values.allowed.contains(canonical) { return .valid }
        }
        switch values.allowed.count {
        case 0: return fail("is not allowed: the schema has no value for it")
        case 1: return fail("must be \(values.shown)")
        default: return fail("must be one of \(values.shown)")
        }
    }

    mutating func check(_ rule: NumberRule, _ node: JSONNode) -> Verdict {
        guard let number = SchemaNumber(node) else { return .valid }
        var result = Verdict.valid
        if let limit = rule.minimum, number < limit { result = fail("must be at least \(limit)") }
        if let limit = rule.exclusiveMinimum, number <= limit { result = fail("must be more than \(limit)") }
        if let limit = rule.maximum, number > limit { result = fail("must be at most \(limit)") }
        if let limit = rule.exclusiveMaximum, number >= limit { result = fail("must be less than \(limit)") }
        if let divisor = rule.divisor, !number.isMultiple(of: divisor) {
            result = fail("must be a multiple of \(divisor)")
        }
        return result
    }

    mutating func checkLength(_ rule: CountRule, _ node: JSONNode) -> Verdict {
        guard let bytes = node.stringBytes else { return .valid }
        guard spend(bytes.count / 64) else { return .unknown }
        // All bytes but those that continue a character.
        let length = bytes.reduce(0) { $1 & 0xc0 == 0x80 ? $0 : $0 + 1 }
        return check(length, rule, "character", "characters")
    }

    mutating func check(_ count: Int, _ rule: CountRule, _ one: String, _ many: String) -> Verdict {
        var result = Verdict.valid
        if count < rule.least {
            result = fail("must have at least \(SchemaText.count(rule.least, one, many)), but has \(count)")
        }
        if count > rule.most {
            result = fail("must have at most \(SchemaText.count(rule.most, one, many)), but has \(count)")
        }
        return result
    }

    mutating func check(pattern matches: JSONSchema.Pattern?, _ node: JSONNode) -> Verdict {
        guard let bytes = node.stringBytes else { return .valid }
        // Matching may take as many instructions a byte as the pattern has.
        guard let matches, spend(8 * bytes.count) else { return .unknown }
        return matches(bytes) ? .valid : fail("must match the schema's pattern")
    }
}
