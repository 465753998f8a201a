public import Base
internal import JSON

extension Anthropic: TokenCountingDialect {
    public static let path = "/v1/messages"
    public static let forwardedNames = ["request-id", "retry-after"]
    public static let forwardedPrefixes = ["anthropic-ratelimit-"]

    /// The base URL of Anthropic's own clients has no `/v1`; those of OpenAI's have one, and people write both.
    public static func url(base: String) -> String {
        base.hasSuffix("/v1") ? base + "/messages" : base + path
    }

    public static func tokenCountURL(base: String) -> String { url(base: base) + "/count_tokens" }

    public static func encodeTokenCountRequest(_ request: ChatRequest, model: String) -> [UInt8]? {
        guard let original = request.original, original.dialect == .anthropic else { return nil }
        return JSONMembers.setting("model", to: JSON.string(model).bytes, in: passable(request, original.bytes))
    }

    public static func checkTokenCount(_ body: [UInt8]) throws(CodedError) {
        guard let count = (try? JSONDocument(body))?.root["input_tokens"]?.int, count >= 0 else {
            throw CodedError(.providerInvalidAnswer, "The provider's answer holds no count of tokens.")
        }
    }

    public static func headers(key: Secret?) -> [(name: String, value: String)] {
        key.map { [("x-api-key", $0.reveal())] } ?? []
    }

    /// The client's own bytes are read by the version that it named, and fields in trial go with them alone. The
    /// answers of all versions since ours have one form.
    public static func headers(of request: ChatRequest) -> [(name: String, value: String)] {
        guard request.original?.dialect == .anthropic else { return [("anthropic-version", version)] }
        var headers = [(name: "anthropic-version", value: request.version ?? version)]
        if let betas = request.betas { headers.append(("anthropic-beta", betas)) }
        return headers
    }

    public static func decoder(secrets: Secrets) -> StreamDecoder { StreamDecoder(secrets: secrets) }
}
