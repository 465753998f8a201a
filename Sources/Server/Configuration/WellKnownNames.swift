/// Names in the environment that other software uses too. A key's own name (`TUTTI_…`) wins over them.
enum WellKnownNames {
    /// Those that set a fixed key. A bare number is taken in `unit`.
    static let keys: [(name: String, path: String, unit: String)] = [
        ("LOG_LEVEL", "log.level", ""),
        ("QUERY_TIMEOUT", "resilience.timeouts.total", "s"),
        ("RETRY_COUNT", "resilience.retry.retries", ""),
        ("RETRY_INITIAL_DELAY_MS", "resilience.retry.initial_delay", "ms"),
        ("CIRCUIT_BREAKER_THRESHOLD", "resilience.breaker.failures", ""),
        ("CIRCUIT_BREAKER_RESET_MS", "resilience.breaker.reset", "ms"),
    ]

    /// Those that the built-in providers and models refer to.
    static let providerKeys = ["GROQ_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"]
    static let groqModel = "GROQ_MODEL_NAME"

    /// Those of features that are not there yet.
    static let later = [
        "REDIS_URL", "DATABASE_URL", "NATS_URL", "MONGO_URI", "MCP_SERVER_URL", "CACHE_TTL_MS", "CACHE_MAX_SIZE",
        "CACHE_MAX_MEMORY_MB", "RESULT_CACHE_TTL", "SCHEMA_CACHE_TTL",
    ]

    /// Every well-known name, for the documentation.
    static var all: [String] { keys.map(\.name) + providerKeys + [groqModel] + later }

    /// Names of our own that are no setting: `TUTTI_URL` is where `tutti chat` finds its server, `TUTTI_API_KEY` its
    /// key there.
    static let own = ["TUTTI_URL", "TUTTI_API_KEY"]
}
