internal import Base

/// Reads a command line. Pure: the same arguments give the same command or the same error. Options may stand before
/// or after other arguments, as `--name value` or `--name=value`; after `--` nothing is an option.
public struct CommandLineParser {
    /// `arguments` without the program's name.
    public static func parse(_ arguments: [String]) throws(UsageError) -> Command {
        var parser = CommandLineParser(rest: arguments[...])
        return try parser.command()
    }

    private static let commands = [
        "serve", "chat", "bulk", "stats", "config", "models", "keys", "doctor", "version", "help",
    ]
    private static let chaos = "--allow-chaos"
    private static let effective = "--effective"
    private static let timing = "--timing"
    private static let configuration = ["--config", "--listen", "--data", "--log-level"]

    private var rest: ArraySlice<String>
    private var topic = HelpTopic.tutti
    private var values: [String: String] = [:]
    private var words: [String] = []
    /// The options without a value that are there.
    private var switches: Set<String> = []
    private var json = false
    private var wantsHelp = false

    private init(rest: ArraySlice<String>) { self.rest = rest }

    private mutating func command() throws(UsageError) -> Command {
        while let first = rest.first, first == "--json" {
            json = true
            rest.removeFirst()
        }
        guard let name = rest.popFirst() else { return .help(.tutti) }
        switch name {
        case "serve": return try serve()
        case "chat": return try chat()
        case "config": return try config()
        case "models": return try models()
        case "keys": return try keys()
        case "doctor": return try doctor()
        case "bulk": return try bulk()
        case "stats": return try stats()
        case "version", "--version", "-V": return try version()
        case "help": return try help()
        case "--help", "-h": return .help(.tutti)
        default:
            let kind = name.hasPrefix("-") ? "option" : "command"
            throw failure("Unknown \(kind) '\(Self.shown(name))'.\(Suggestion.text(for: name, in: Self.commands))")
        }
    }

    private mutating func serve() throws(UsageError) -> Command {
        topic = .serve
        try scan(options: Self.configuration, switches: [Self.chaos])
        if wantsHelp { return .help(topic) }
        try expect(words: 0)
        return .serve(ServeOptions(flags: flags, json: json))
    }

    private mutating func chat() throws(UsageError) -> Command {
        topic = .chat
        try scan(options: ["--model", "--persona"], switches: [Self.timing])
        if wantsHelp { return .help(topic) }
        guard words.count <= 1 else { throw failure("One message at a time: put it in quotes.") }
        return .chat(
            ChatOptions(
                message: words.first, model: values["--model"], persona: values["--persona"],
                timing: switches.contains(Self.timing), json: json))
    }

    private mutating func config() throws(UsageError) -> Command {
        topic = .config
        try scan(options: Self.configuration, switches: [Self.chaos, Self.effective])
        if wantsHelp { return .help(topic) }
        let actions = ConfigOptions.Action.allCases.map(\.rawValue)
        guard let word = words.first else { throw failure("config needs one of \(actions.joined(separator: ", ")).") }
        guard let action = ConfigOptions.Action(rawValue: word) else {
            throw failure("Unknown command 'config \(Self.shown(word))'.\(Suggestion.text(for: word, in: actions))")
        }
        try expect(words: 1)
        // What show prints in any case; written out, it says so.
        if action != .show, switches.contains(Self.effective) { throw failure("--effective is for config show.") }
        return .config(ConfigOptions(action: action, flags: flags, json: json))
    }

    private mutating func models() throws(UsageError) -> Command {
        topic = .models
        try scan(options: Self.configuration)
        if wantsHelp { return .help(topic) }
        try expect(words: 0)
        return .models(ModelsOptions(flags: flags, json: json))
    }

    private mutating func keys() throws(UsageError) -> Command {
        topic = .keys
        try scan(options: ["--config", "--data"])
        if wantsHelp { return .help(topic) }
        let actions = KeysOptions.Action.allCases.map(\.rawValue)
        guard let word = words.first else { throw failure("keys needs one of \(actions.joined(separator: ", ")).") }
        // Not suggested from and not shown: it may be a key that somebody put here.
        guard let action = KeysOptions.Action(rawValue: word) else {
            throw failure("keys takes \(actions.joined(separator: " or ")); a key comes from standard input.")
        }
        guard words.count == 1 else { throw failure("A key is no argument: it comes from standard input.") }
        return .keys(KeysOptions(action: action, flags: flags, json: json))
    }

    private mutating func doctor() throws(UsageError) -> Command {
        topic = .doctor
        let offline = "--offline"
        let isOffline = rest.contains(offline)
        rest.removeAll { $0 == offline }
        try scan(options: Self.configuration + ["--bundle"])
        if wantsHelp { return .help(topic) }
        try expect(words: 0)
        return .doctor(DoctorOptions(flags: flags, isOffline: isOffline, bundle: values["--bundle"], json: json))
    }

    private mutating func bulk() throws(UsageError) -> Command {
        topic = .bulk
        try scan(options: ["--after", "--parallel"])
        if wantsHelp { return .help(topic) }
        guard let file = words.first else { throw failure("bulk needs a file of JSON Lines, or - for standard input.") }
        try expect(words: 1)
        return .bulk(
            BulkOptions(
                file: file, after: try number("--after", 0...Int(Int32.max)) ?? 0,
                parallel: try number("--parallel", 1...BulkQuery.mostParallel)))
    }

    private func number(_ option: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = values[option] else { return nil }
        guard let value = Int(text), range ~= value else {
            throw failure("\(option) takes a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    private mutating func stats() throws(UsageError) -> Command {
        topic = .stats
        try scan(options: [])
        if wantsHelp { return .help(topic) }
        try expect(words: 0)
        return .stats(StatsOptions(json: json))
    }

    private mutating func version() throws(UsageError) -> Command {
        topic = .version
        try scan(options: [])
        if wantsHelp { return .help(topic) }
        try expect(words: 0)
        return .version(VersionOptions(json: json))
    }

    private mutating func help() throws(UsageError) -> Command {
        try scan(options: [])
        guard let word = words.first, !wantsHelp else { return .help(.tutti) }
        guard let topic = HelpTopic(rawValue: word) else {
            let names = HelpTopic.allCases.map(\.rawValue)
            throw failure("There is no help about '\(Self.shown(word))'.\(Suggestion.text(for: word, in: names))")
        }
        return .help(topic)
    }

    private var flags: ConfigurationFlags {
        ConfigurationFlags(
            file: values["--config"],
            listen: values["--listen"],
            data: values["--data"],
            logLevel: values["--log-level"],
            allowChaos: switches.contains(Self.chaos)
        )
    }

    /// Sorts what is left into values of `options` and words.
    /// - Parameter known: The options without a value that may be given.
    private mutating func scan(options: [String], switches known: [String] = []) throws(UsageError) {
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                rest = []
            } else if argument == "--help" || argument == "-h" {
                wantsHelp = true
            } else if argument == "--json" {
                json = true
            } else if known.contains(argument) {
                switches.insert(argument)
            } else if argument.hasPrefix("-"), argument != "-" {
                try readOption(argument, of: options, known: options + known)
            } else {
                words.append(argument)
            }
        }
    }

    private mutating func readOption(_ argument: String, of options: [String], known: [String]) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? argument
        guard options.contains(name) else {
            let known = known + ["--help", "--json"]
            if known.contains(name) { throw failure("\(name) takes no value.") }
            let secrets = ["--api-key", "--key", "--token", "--password"]
            let hint =
                secrets.contains(name)
                ? " Secrets are never flags; set them in the environment, such as OPENAI_API_KEY."
                : Suggestion.text(for: name, in: known)
            throw failure("Unknown option '\(Self.shown(name))'.\(hint)")
        }
        guard values[name] == nil else { throw failure("\(name) is given twice.") }
        // A word that looks like an option is no value: `--data --json` has forgotten one.
        let next = rest.first.flatMap { $0.hasPrefix("--") ? nil : $0 }
        guard let value = parts.count == 2 ? String(parts[1]) : next, !value.isEmpty else {
            throw failure("\(name) needs a value.")
        }
        if parts.count == 1 { rest.removeFirst() }
        values[name] = value
    }

    private func expect(words count: Int) throws(UsageError) {
        guard words.count > count else { return }
        throw failure("Unexpected argument '\(Self.shown(words[count]))'.")
    }

    private func failure(_ sentence: String) -> UsageError { UsageError(sentence: sentence, topic: topic) }

    /// An argument as a message may show it: short, and without characters that would act on a terminal.
    private static func shown(_ argument: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in argument.unicodeScalars.prefix(40) {
            let category = scalar.properties.generalCategory
            text.append(category == .control || category == .format ? "?" : scalar)
        }
        return String(text) + (argument.unicodeScalars.count > 40 ? "…" : "")
    }
}
