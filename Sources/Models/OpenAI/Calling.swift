public import Base

extension OpenAI: ProviderDialect {
    public static let path = "/chat/completions"
    public static let forwardedNames = ["openai-processing-ms", "retry-after"]
    public static let forwardedPrefixes = ["x-ratelimit-"]

    public static func headers(key: Secret?) -> [(name: String, value: String)] {
        key.map { [("authorization", "Bearer \($0.reveal())")] } ?? []
    }

    public static func decoder(secrets: Secrets) -> StreamDecoder { StreamDecoder(secrets: secrets) }
}
