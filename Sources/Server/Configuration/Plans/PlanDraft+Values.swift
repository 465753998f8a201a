internal import Base
internal import Orchestrator

/// The kinds of values that a plan has. Each is noted for `config show` when it could be read.
extension ConfigurationLoader {
    mutating func planMap(
        _ node: YAMLNode, _ path: [String], in draft: PlanDraft, such example: String,
        of document: ConfigurationDocument
    ) -> [YAMLNode.Entry]? {
        if case .map(let entries) = node.value { return entries }
        report("\(draft.shown(path)) must be a map, such as \(example).", document.source(node.place))
        return nil
    }

    /// - Parameter must: What it takes, to go on after "must be".
    mutating func value<Value>(
        _ node: YAMLNode, _ path: [String], _ must: String, into draft: inout PlanDraft,
        of document: ConfigurationDocument, near names: [String] = [], show: (Value) -> String,
        read: (String) -> Value?
    ) -> Value? {
        let value = parsed(node, of: document, "\(draft.shown(path)) must be \(must).", near: names, read: read)
        if let value { note([show(value)], path, node, into: &draft, of: document) }
        return value
    }

    mutating func texts(
        _ node: YAMLNode, _ path: [String], _ must: String, into draft: inout PlanDraft,
        of document: ConfigurationDocument, isValid: (String) -> Bool
    ) -> [String]? {
        let must = "\(draft.shown(path)) must be \(must)."
        guard case .list(let items) = node.value else {
            report(must, document.source(node.place))
            return nil
        }
        var texts: [String] = []
        for (place, item) in items.enumerated() {
            draft.sources[path + ["\(place)"]] = document.source(item.place)
            guard let text = parsed(item, of: document, must, read: { isValid($0) ? $0 : nil }) else { continue }
            texts.append(text)
        }
        guard texts.count == items.count else { return nil }
        note(texts, path, node, isList: true, into: &draft, of: document)
        return texts
    }

    /// What a model is called here: whether there is one is known later.
    mutating func modelName(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> String? {
        let must = "a model's name, such as auto or openai/gpt-4o-mini"
        return value(node, path, must, into: &draft, of: document, show: { $0 }) { Names.isModel($0) ? $0 : nil }
    }

    /// A text for models or for people.
    mutating func prose(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> String? {
        let must = "a text of at most \(PlanCheck.longestText) bytes"
        return value(node, path, must, into: &draft, of: document, show: { $0 }) {
            $0.utf8.count <= PlanCheck.longestText && !$0.utf8.contains(0) ? $0 : nil
        }
    }

    mutating func duration(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> Duration? {
        let must = "a duration from 1ms to 24h, such as 200ms, 5s or 5m"
        let range = Duration.milliseconds(1)...Duration.seconds(86_400)
        return value(node, path, must, into: &draft, of: document, show: Quantities.text) {
            Quantities.duration($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func count(
        _ node: YAMLNode, _ path: [String], _ range: ClosedRange<Int>, into draft: inout PlanDraft,
        of document: ConfigurationDocument
    ) -> Int? {
        let must = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return value(node, path, must, into: &draft, of: document, show: { "\($0)" }) {
            Quantities.count($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func number(
        _ node: YAMLNode, _ path: [String], _ range: ClosedRange<Double>, into draft: inout PlanDraft,
        of document: ConfigurationDocument
    ) -> Double? {
        let must = "a number from \(Quantities.text(range.lowerBound)) to \(Quantities.text(range.upperBound))"
        return value(node, path, must, into: &draft, of: document, show: { Quantities.text($0) }) { text in
            guard text.utf8.count <= 32, let number = Double(text), range.contains(number) else { return nil }
            return number
        }
    }

    mutating func flag(
        _ node: YAMLNode, _ path: [String], into draft: inout PlanDraft, of document: ConfigurationDocument
    ) -> Bool? {
        value(node, path, "true or false", into: &draft, of: document, show: { "\($0)" }) {
            ["true": true, "false": false][$0]
        }
    }

    private func note(
        _ texts: [String], _ path: [String], _ node: YAMLNode, isList: Bool = false, into draft: inout PlanDraft,
        of document: ConfigurationDocument
    ) {
        draft.settings.append(
            EffectiveSetting(
                ["plans", draft.name] + path, texts, isList: isList, source: document.source(node.place)))
    }
}
