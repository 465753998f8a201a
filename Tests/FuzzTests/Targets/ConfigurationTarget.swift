import Base
import Models

@testable import Server

extension FuzzTarget {
    static let configuration = FuzzTarget(name: "configuration", maxInput: 16384) { ConfigurationCheck.finding(in: $0) }
}

/// A text is a configuration or a bounded list of problems, each with its place in it; secrets show up in neither, and
/// what `config show` prints of a configuration is one again, with the same settings.
enum ConfigurationCheck {
    private static let canary = "sk-canary"

    static func finding(in input: [UInt8]) -> String? {
        do throws(ConfigurationErrors) {
            let loaded = try load(input)
            let shown = ConfigCommand.yaml(loaded.settings)
            if loaded.settings.contains(where: { tellsSecret($0) }) { return "a secret is shown" }
            if loaded.notices.contains(where: { $0.contains(canary) }) { return "a notice tells a secret" }
            return roundTripFinding(loaded, shown)
        } catch {
            return problemFinding(error.problems, input)
        }
    }

    /// What a file says elsewhere is shown as it is, with the values of the variables that it names.
    private static func tellsSecret(_ setting: EffectiveSetting) -> Bool {
        guard setting.text.contains(canary) else { return false }
        if ["api_key", "api_keys", "pepper", "keys"].contains(setting.path.last) { return true }
        if case .file = setting.source { return false }
        return true
    }

    private static func load(_ text: [UInt8]) throws(ConfigurationErrors) -> LoadedConfiguration {
        try Configuration.load(
            file: ConfigurationFile(name: "f", bytes: text), environment: ["CANARY": canary],
            capabilities: ConfigurationCapabilities(
                dialects: [.openai, .anthropic, .local], localModels: ["smollm2"], hasLocalModel: { _ in true }))
    }

    private static func problemFinding(_ problems: [ConfigurationProblem], _ input: [UInt8]) -> String? {
        if problems.isEmpty { return "it is refused without a reason" }
        if problems.count > ConfigurationLoader.problemLimit + 1 { return "there is no end of problems" }
        let lines = input.count { $0 == 10 || $0 == 13 } + utf8LineEnds(input) + 2
        for problem in problems {
            let text = problem.description
            if text.contains(canary) { return "a problem tells a secret" }
            if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
                return "a problem holds a control character"
            }
            if text.utf8.count > 1000 { return "a problem is long" }
            if !problem.sentence.hasSuffix("."), !problem.sentence.hasSuffix("?") { return "a problem is no sentence" }
            if case .file(_, let line, let column)? = problem.source,
                !(1...lines).contains(line) || !(1...input.count + 2).contains(column)
            {
                return "a problem stands in line \(line), column \(column), where there is no text"
            }
        }
        return nil
    }

    /// YAML ends lines also at U+0085, U+2028 and U+2029.
    private static func utf8LineEnds(_ input: [UInt8]) -> Int {
        String(decoding: input, as: UTF8.self).unicodeScalars.count { ["\u{85}", "\u{2028}", "\u{2029}"].contains($0) }
    }

    /// What is shown is YAML, and its fixed settings are the same. Of providers and models it shows those in force,
    /// with masked keys: read back, they need not be.
    private static func roundTripFinding(_ loaded: LoadedConfiguration, _ shown: String) -> String? {
        let text = Array(shown.utf8)
        if !YAMLTree.read(text).problems.isEmpty { return "what is shown is no YAML" }
        guard let again = try? load(text) else { return nil }
        func fixed(_ loaded: LoadedConfiguration) -> [String] {
            loaded.settings.filter { !ConfigurationKey.memberSections.contains($0.path[0]) }
                .map { "\($0.path.joined(separator: ".")): \($0.values)" }
        }
        let other = zip(fixed(again), fixed(loaded)).first { $0 != $1 }
        return other.map { "what is shown as \($1) reads back as \($0)" }
    }
}
