/// The providers and models without a file, read like one. `auto` falls back to the local model when no provider
/// has a key.
enum BuiltInConfiguration {
    static let text = """
        providers:
          groq:      { dialect: openai,    base_url: https://api.groq.com/openai/v1, api_key: ${GROQ_API_KEY} }
          openai:    { dialect: openai,    base_url: https://api.openai.com/v1,      api_key: ${OPENAI_API_KEY} }
          anthropic: { dialect: anthropic, base_url: https://api.anthropic.com,      api_key: ${ANTHROPIC_API_KEY} }
          local:     { dialect: local, model: smollm2 }
        models:
          auto:        { chain: [groq/llama-3.1-8b-instant, openai/gpt-4o-mini, anthropic/claude-haiku-4-5] }
          gpt-4o-mini: { chain: [openai/gpt-4o-mini, groq/llama-3.1-8b-instant] }
        """

    /// The model in `text` that `GROQ_MODEL_NAME` takes the place of.
    static let groqModel = "llama-3.1-8b-instant"
    /// The alias that the local model joins.
    static let fallbackAlias = "auto"
}
