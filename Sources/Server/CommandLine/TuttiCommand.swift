internal import Base
internal import JSON
internal import Models

/// The whole program behind `main`.
public enum TuttiCommand {
    /// What this build can do, besides the local model.
    static let dialects: Set<Configuration.Dialect> = [.openai, .anthropic, .local]

    /// Runs the process's own command line and ends the process. `main` calls this and nothing else: what main itself
    /// runs stays on the main thread.
    @concurrent
    public static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        StandardStreams.exit(await run(arguments, environment: StandardStreams.environment()))
    }

    /// Runs one command line (without the program's name) and gives the exit code: 0 done, 1 failed, 2 wrong usage or
    /// configuration.
    @concurrent
    public static func run(_ arguments: [String], environment: [String: String]) async -> Int32 {
        let command: Command
        do throws(UsageError) {
            command = try CommandLineParser.parse(arguments)
        } catch {
            let more = error.topic == .tutti ? "tutti --help" : "tutti \(error.topic.rawValue) --help"
            tellError("\(error.sentence) See \(more).", environment)
            return 2
        }
        switch command {
        case .help(let topic): return printed(HelpText.text(topic))
        case .version(let options):
            return options.json
                ? printed(["version": .string(TuttiVersion.text)] as JSON) : printed("tutti \(TuttiVersion.text)\n")
        case .config(let options): return config(options, environment)
        case .models(let options): return models(options, environment)
        case .keys(let options): return KeysCommand.run(options, environment)
        case .bulk(let options): return await BulkCommand.run(options, environment: environment)
        case .stats(let options): return await StatsCommand.run(options, environment: environment)
        case .doctor(let options): return await DoctorCommand.run(options, environment: environment)
        case .serve(let options):
            guard let loaded = load(options.flags, environment) else { return 2 }
            return await Serve.run(loaded, options: options, environment: environment)
        case .chat(let options): return await ChatCommand.run(options, environment: environment)
        }
    }

    /// Loads the configuration from disk; tells every problem and gives `nil` where there is one. The caller tells
    /// the notices.
    static func load(_ flags: ConfigurationFlags, _ environment: [String: String]) -> LoadedConfiguration? {
        do throws(ConfigurationErrors) {
            return try Configuration.load(
                environment: environment,
                flags: flags,
                capabilities: capabilities(environment)
            )
        } catch {
            for problem in error.problems { tellError(problem.description, environment) }
            return nil
        }
    }

    /// The same again, for a server that runs.
    static func loading(_ flags: ConfigurationFlags, _ environment: [String: String]) -> App.Loading {
        var flags = flags
        // A file that was there at the start and is gone is a fault, and no wish for the built-in defaults.
        if flags.file == nil, (try? ConfigurationFile.read(Configuration.defaultFile)) != nil {
            flags.file = Configuration.defaultFile
        }
        return { [flags] () throws(ConfigurationErrors) in
            try Configuration.load(
                environment: environment, flags: flags, capabilities: capabilities(environment))
        }
    }

    private static func models(_ options: ModelsOptions, _ environment: [String: String]) -> Int32 {
        // Nothing is called, so chaos harms nothing.
        var flags = options.flags
        flags.allowChaos = true
        guard let loaded = load(flags, environment) else { return 2 }
        for notice in loaded.notices { StandardStreams.write("notice: \(notice)\n", to: .error) }
        let configuration = loaded.configuration
        let (directory, catalogue) = (configuration.modelDirectory(), configuration.modelCatalogue())
        for target in configuration.targetsWithoutPrice(directory, catalogue) {
            StandardStreams.write("warning: the price of \(target.name) is not known.\n", to: .error)
        }
        var models = directory.names.map { name in
            let chain = (try? directory.resolve(name))?.chain ?? []
            return (name: name, chain: chain, entry: chain.first.flatMap { catalogue.entry(of: $0) })
        }
        if let plans = try? configuration.planBook(directory) { models += ModelsCommand.plans(plans) }
        guard options.json else { return printed(ModelsCommand.table(models)) }
        // As the server says it, but for the date of its start.
        let list = OpenAI.encodeModels(models.map { ($0.name, $0.entry) }, created: 0)
        return printed(String(decoding: list, as: UTF8.self) + "\n")
    }

    private static func config(_ options: ConfigOptions, _ environment: [String: String]) -> Int32 {
        do throws(ConfigurationErrors) {
            var loaded = try Configuration.load(
                environment: environment,
                flags: options.flags,
                capabilities: capabilities(environment)
            )
            if options.action == .check {
                let files = StartFiles(loaded.configuration, now: SystemClock().wallTime())
                guard files.problems.isEmpty else { throw ConfigurationErrors(files.problems) }
                loaded.notices += files.notices
            }
            if !options.json {
                for notice in loaded.notices { StandardStreams.write("notice: \(notice)\n", to: .error) }
            }
            switch (options.action, options.json) {
            case (.check, false): return printed("The configuration is valid.\n")
            case (.check, true): return printed(ConfigCommand.json(problems: [], notices: loaded.notices))
            case (.show, false): return printed(ConfigCommand.yaml(loaded.settings))
            case (.show, true): return printed(ConfigCommand.json(loaded))
            }
        } catch {
            if options.json {
                _ = printed(ConfigCommand.json(problems: error.problems, notices: []))
            } else {
                for problem in error.problems { tellError(problem.description, environment) }
            }
            return 2
        }
    }

    static func capabilities(_ environment: [String: String]) -> ConfigurationCapabilities {
        ConfigurationCapabilities(
            dialects: dialects, localModels: Serve.localModels,
            hasLocalModel: { Serve.hasLocalModel($0, environment: environment) })
    }

    static func printed(_ text: String) -> Int32 { StandardStreams.write(text, to: .output) ? 0 : 1 }

    static func printed(_ json: JSON) -> Int32 {
        var writer = JSONWriter()
        writer.value(json)
        return printed(String(decoding: writer.bytes, as: UTF8.self) + "\n")
    }

    static func tellError(_ sentence: String, _ environment: [String: String]) {
        let isPlain =
            !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
            || !StandardStreams.isTerminal(.error)
        StandardStreams.write((isPlain ? "error: " : "\u{1b}[1;31merror:\u{1b}[0m ") + sentence + "\n", to: .error)
    }
}
