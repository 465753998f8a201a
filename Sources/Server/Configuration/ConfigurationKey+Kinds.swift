/// The kinds of values that fixed keys take.
extension ConfigurationKey {
    static func duration(
        _ path: String,
        _ field: any Field<Duration>,
        _ meaning: String,
        from least: Duration = .milliseconds(1),
        to most: Duration = .seconds(86_400)
    ) -> ConfigurationKey {
        let range = "\(Quantities.text(least)) to \(Quantities.inHours(most))"
        return one(
            path,
            field,
            meaning,
            "a duration from \(range), such as 200ms, 5s or 5m",
            shape: .duration,
            read: { Quantities.duration($0).flatMap { (least...most).contains($0) ? $0 : nil } },
            show: { Quantities.text($0) }
        )
    }

    static func size(
        _ path: String,
        _ field: any Field<Int>,
        _ meaning: String,
        _ range: ClosedRange<Int>
    ) -> ConfigurationKey {
        let words = "\(Quantities.text(bytes: range.lowerBound)) to \(Quantities.text(bytes: range.upperBound))"
        return one(
            path,
            field,
            meaning,
            "a size from \(words), such as 64KB or 10MB",
            shape: .size(range),
            read: { Quantities.size($0).flatMap { range.contains($0) ? $0 : nil } },
            show: { Quantities.text(bytes: $0) }
        )
    }

    static func names(
        _ path: String,
        _ field: any Field<[String]>,
        _ meaning: String,
        _ expectation: String,
        isValid: @escaping @Sendable (String) -> Bool,
        convert: @escaping @Sendable (String) -> String = { $0 }
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path,
            meaning: meaning,
            expectation: expectation,
            isList: true,
            set: { configuration, texts in
                guard texts.allSatisfy(isValid) else { return false }
                configuration[keyPath: field] = texts.map(convert)
                return true
            },
            get: { $0[keyPath: field] }
        )
    }

    static func count(
        _ path: String, _ field: any Field<Int>, _ meaning: String, _ range: ClosedRange<Int>
    ) -> ConfigurationKey {
        one(
            path, field, meaning, "a whole number from \(range.lowerBound) to \(range.upperBound)",
            shape: .count(range),
            read: { Quantities.count($0).flatMap { range.contains($0) ? $0 : nil } }, show: { "\($0)" })
    }

    static func number(
        _ path: String, _ field: any Field<Double>, _ meaning: String, _ range: ClosedRange<Double>
    ) -> ConfigurationKey {
        return one(
            path, field, meaning,
            "a number from \(Quantities.text(range.lowerBound)) to \(Quantities.text(range.upperBound))",
            shape: .number(range),
            read: { given in
                guard given.utf8.count <= 32, let value = Double(given), range.contains(value) else { return nil }
                return value
            },
            show: { Quantities.text($0) })
    }

    static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ field: any Field<Choice>, _ meaning: String
    ) -> ConfigurationKey where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        return one(
            path, field, meaning, "one of \(names.joined(separator: ", "))", shape: .choice(names),
            read: { Choice(rawValue: $0) }, show: { $0.rawValue })
    }

    static func flag(_ path: String, _ field: any Field<Bool>, _ meaning: String) -> ConfigurationKey {
        one(
            path, field, meaning, "true or false", shape: .flag,
            read: { ["true": true, "false": false][$0] }, show: { "\($0)" })
    }
}
