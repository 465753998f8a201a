internal import Orchestrator

/// One fixed key: where it stands, what it takes and which field it sets. The one table behind the file, the
/// environment, `config show` and `docs/configuration.md`.
struct ConfigurationKey: Sendable {
    /// The place in the file: `server.max_body`.
    let path: String
    /// What it does, for the documentation.
    let meaning: String
    /// What it takes, to go on after "must be".
    let expectation: String
    /// Whether it takes several texts: a list in the file, parted by commas in the environment.
    let isList: Bool
    /// The same as `expectation`, for the schema; of a list that of its items.
    var shape = ConfigurationShape.text
    /// Sets the field; false where the texts are not what is expected. One text unless `isList`.
    let set: @Sendable (inout Configuration, [String]) -> Bool
    let get: @Sendable (Configuration) -> [String]

    /// The environment's name for it: `TUTTI_SERVER_MAX_BODY`.
    var variable: String { "TUTTI_" + path.uppercased().split(separator: ".").joined(separator: "_") }

    /// The built-in values: made once, copied where a key is tried out.
    static let defaults = Configuration()

    /// The built-in value as the documentation and `config show` write it.
    var defaultText: String { YAMLText.value(get(Self.defaults), isList: isList) }
}

extension ConfigurationKey {
    typealias Field<Value> = WritableKeyPath<Configuration, Value> & Sendable

    static func one<Value>(
        _ path: String,
        _ field: any Field<Value>,
        _ meaning: String,
        _ expectation: String,
        shape: ConfigurationShape = .text,
        read: @escaping @Sendable (String) -> Value?,
        show: @escaping @Sendable (Value) -> String
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path,
            meaning: meaning,
            expectation: expectation,
            isList: false,
            shape: shape,
            set: { configuration, texts in
                guard let text = texts.first, texts.count == 1, let value = read(text) else { return false }
                configuration[keyPath: field] = value
                return true
            },
            get: { [show($0[keyPath: field])] }
        )
    }

    /// Every fixed key, in the order of the documentation.
    static let all: [ConfigurationKey] =
        server + tls + serverLimits + exposure + auth + [
            one(
                "log.level",
                \.log.level,
                "What is written to the log: this severity and those above.",
                "one of trace, debug, info, warning, error",
                shape: .choice(Configuration.LogLevel.allCases.map(\.rawValue)),
                read: {
                    Configuration.LogLevel(rawValue: $0.lowercased()) ?? ($0.lowercased() == "warn" ? .warning : nil)
                },
                show: { $0.rawValue }
            )
        ] + resilience + chaos + [
            choice(
                "structured_output.on_violation",
                \.structuredOutput.onViolation,
                "What happens to an answer that does not follow the JSON schema that its caller gave: the model is asked "
                    + "once more, the request fails, or the answer goes out as it is. A streamed one is never repaired."
            )
        ] + orchestrator + phases + flags

    private static let flags: [ConfigurationKey] = [
        flag("flags.responses", \.flags.responses, "Whether clients may use `/v1/responses`."),
        flag("flags.embeddings", \.flags.embeddings, "Whether clients may use `/v1/embeddings`."),
    ]

    private static let server: [ConfigurationKey] = [
        one(
            "server.listen",
            \.server.listen,
            "The address to listen on; beyond loopback only with keys for callers.",
            "an IP address or localhost with a port, such as 127.0.0.1:8080 or [::1]:8080",
            read: { ListenAddress($0) },
            show: { $0.description }
        ),
        one(
            "server.data",
            \.server.data,
            "The folder for what must last.",
            "a folder's path",
            read: { $0.isEmpty || $0.utf8.contains(0) || $0.utf8.count > 1024 ? nil : $0 },
            show: { $0 }
        ),
        names(
            "server.hosts",
            \.server.hosts,
            "Names besides IP addresses and localhost that a `Host` header may give.",
            "a list of host names without port, such as [ai.example.org]",
            isValid: Names.isHost,
            convert: { $0.lowercased() }
        ),
        names(
            "server.origins",
            \.server.origins,
            "Web origins that may send requests and read the answers; no other page may.",
            "a list of origins, such as [https://app.example.org]",
            isValid: Names.isOrigin,
            convert: { $0.lowercased() }
        ),
    ]

    private static let tls: [ConfigurationKey] = [
        file(
            "server.tls.certificate", \.server.tls.certificate,
            "The certificate for HTTPS, in PEM form, with the chain that leads to its authority behind it; read at the "
                + "start. With it goes `server.tls.key`; without both the server speaks plain HTTP."),
        file(
            "server.tls.key", \.server.tls.key,
            "The key of that certificate, in PEM form and unencrypted; read at the start."),
    ]

    private static let serverLimits: [ConfigurationKey] = [
        size("server.max_body", \.server.maxBody, "The largest request body.", 1 << 10...1 << 30),
        one(
            "server.max_connections",
            \.server.maxConnections,
            "Connections open at once; further ones are closed.",
            "a whole number from 1 to 1000000",
            shape: .count(1...1_000_000),
            read: { Quantities.count($0).flatMap { (1...1_000_000).contains($0) ? $0 : nil } },
            show: { "\($0)" }
        ),
        size("server.max_line", \.server.maxLine, "The longest request line.", 256...1 << 20),
        size("server.max_headers", \.server.maxHeaders, "The largest header section.", 1 << 10...1 << 20),
        duration(
            "server.timeouts.header",
            \.server.headerTimeout,
            "The time for a request's line and headers to arrive."
        ),
        duration("server.timeouts.body", \.server.bodyTimeout, "The longest silence inside a request's body."),
        duration(
            "server.timeouts.body_total", \.server.bodyTotal,
            "The time for a whole request's body to arrive; that of a bulk request may take any."),
        duration(
            "server.timeouts.idle",
            \.server.idleTimeout,
            "How long a connection may wait for its next request."
        ),
        duration(
            "server.timeouts.write",
            \.server.writeTimeout,
            "How long a client may read nothing of its answer."
        ),
        duration(
            "server.drain",
            \.server.drain,
            "How long running answers may take to end once a stop is asked for.",
            from: .zero
        ),
        duration("server.heartbeat", \.server.heartbeat, "The longest silence in an event stream."),
    ]

    static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

    /// What may stand in the file besides `all`: sections, the sections of named members, and what a later version will
    /// read.
    static let sections: Set = [
        "server", "server.cors", "server.timeouts", "server.tls", "auth", "log", "resilience", "resilience.timeouts",
        "resilience.retry", reasonSection, "resilience.breaker", "resilience.hedge", "resilience.limits", "chaos",
        "structured_output", "guards", "runs", "conversations", "phases", "flags",
    ]
    static let memberSections: Set = ["providers", "models", "catalogue", "plans"]
    static let later: Set = ["cache", "personas", "tiers"]

    /// The keys that may stand directly under `prefix`, for suggestions; the order is stable.
    static func children(of prefix: String) -> [String] {
        let paths = all.map(\.path) + sections.sorted() + memberSections.sorted() + lists.sorted() + later.sorted()
        let start = prefix.isEmpty ? "" : prefix + "."
        return paths.filter { $0.hasPrefix(start) }
            .map { String($0.dropFirst(start.count)) }
            .filter { !$0.utf8.contains(UInt8(ascii: ".")) }
    }
}
