/// What the command line asks for.
public enum Command: Sendable, Equatable {
    case serve(ServeOptions)
    case chat(ChatOptions)
    case config(ConfigOptions)
    case models(ModelsOptions)
    case keys(KeysOptions)
    case doctor(DoctorOptions)
    case bulk(BulkOptions)
    case stats(StatsOptions)
    case version(VersionOptions)
    case help(HelpTopic)
}

/// `tutti serve`
public struct ServeOptions: Sendable, Equatable {
    public var flags = ConfigurationFlags()
    public var json = false
}

/// `tutti chat`
public struct ChatOptions: Sendable, Equatable {
    /// `nil` for a conversation read from standard input.
    public var message: String?
    public var model: String?
    public var persona: String?
    /// Whether the phases' times are told after each answer.
    public var timing = false
    /// Whether events are printed as they are, one line of JSON each.
    public var json = false
}

/// `tutti config check` and `tutti config show`
public struct ConfigOptions: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable {
        case check, show
    }

    public var action: Action
    public var flags = ConfigurationFlags()
    public var json = false
}

/// `tutti models`
public struct ModelsOptions: Sendable, Equatable {
    public var flags = ConfigurationFlags()
    public var json = false
}

/// `tutti keys new` and `tutti keys hash`
public struct KeysOptions: Sendable, Equatable {
    public enum Action: String, Sendable, CaseIterable {
        case new, hash
    }

    public var action: Action
    public var flags = ConfigurationFlags()
    public var json = false
}

/// `tutti version`
public struct VersionOptions: Sendable, Equatable {
    public var json = false
}

/// What help is asked about.
public enum HelpTopic: String, Sendable, CaseIterable {
    case tutti, serve, chat, bulk, stats, config, models, keys, doctor, version
}

/// A command line that cannot be understood: what is wrong, and which help says more.
public struct UsageError: Error, Sendable, Equatable {
    public let sentence: String
    public let topic: HelpTopic
}
