internal import JSON

/// `tutti config check` and `tutti config show`: what they print, as text. Pure.
enum ConfigCommand {
    /// Every effective value as YAML that reads back, with its source behind it.
    static func yaml(_ settings: [EffectiveSetting]) -> String {
        var text = ""
        var open: [String] = []
        for setting in settings {
            let parents = Array(setting.path.dropLast())
            let shared = zip(open, parents).prefix { $0 == $1 }.count
            for depth in shared..<parents.count {
                text += indent(depth) + YAMLText.scalar(parents[depth]) + ":\n"
            }
            open = parents
            let value = setting.text
            let line = indent(parents.count) + "\(setting.path.last ?? ""): \(value)"
            let padding = String(repeating: " ", count: max(2, 56 - line.unicodeScalars.count))
            text += "\(line)\(padding)# \(comment(setting.source))\n"
        }
        return text
    }

    static func json(_ loaded: LoadedConfiguration) -> JSON {
        let settings = loaded.settings.map { setting -> JSON in
            let values = zip(setting.values, setting.weights + setting.values.map { _ in nil }).map(json)
            return [
                "path": .string(setting.path.joined(separator: ".")),
                "value": setting.isList ? .array(values) : values.first ?? .null,
                "source": .string(setting.source.description),
            ]
        }
        return ["settings": .array(settings), "notices": .array(loaded.notices.map { .string($0) })]
    }

    /// What `config check --json` prints; the same fields whether all is well or not.
    static func json(problems: [ConfigurationProblem], notices: [String]) -> JSON {
        [
            "ok": .bool(problems.isEmpty), "errors": .array(problems.map { json($0) }),
            "notices": .array(notices.map { .string($0) }),
        ]
    }

    /// A problem with its place; also what the server answers.
    static func json(_ problem: ConfigurationProblem) -> JSON {
        var error: JSON = ["message": .string(problem.sentence)]
        if let source = problem.source { error["source"] = .string(source.description) }
        if case .file(let name, let line, let column)? = problem.source {
            error["file"] = .string(name)
            error["line"] = .int(Int64(line))
            error["column"] = .int(Int64(column))
        }
        return error
    }

    /// A value, with its weight if it has one.
    private static func json(_ value: String, weight: Double?) -> JSON {
        weight.map { ["target": .string(value), "weight": .double($0)] } ?? .string(value)
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    /// A file's name may hold anything; a line of YAML may not.
    private static func comment(_ source: ConfigurationSource) -> String {
        String(source.description.unicodeScalars.map { $0.value < 0x20 ? "?" : Character($0) })
    }
}
