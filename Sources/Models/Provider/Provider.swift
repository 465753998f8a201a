public import Base
internal import HTTP
public import HTTPClient

/// A model behind a network. Holds the client and a clock; what its dialect says is in pure functions.
public struct Provider<Wire: ProviderDialect>: ChatModel {
    private let configuration: ProviderConfiguration
    private let client: any HTTPCalling
    private let clock: any TimeSource
    /// Without slashes at its end.
    let base: String
    private let url: String
    let secrets: Secrets
    /// What goes with every call: the caller's own headers are not known here, so none of them can get out.
    private let headers: (whole: HTTPHeaders, stream: HTTPHeaders)

    public init(_ configuration: ProviderConfiguration, client: any HTTPCalling, clock: any TimeSource) {
        self.configuration = configuration
        self.client = client
        self.clock = clock
        var base = configuration.baseURL[...]
        while base.hasSuffix("/") { base.removeLast() }
        self.base = String(base)
        url = Wire.url(base: String(base))
        secrets = Secrets(configuration.key.map { [$0] } ?? [])
        headers = (
            Self.headers(accept: "application/json", key: configuration.key),
            Self.headers(accept: "text/event-stream", key: configuration.key)
        )
    }

    public func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let deadline = deadline(of: context)
        // The answer's form is settled here, for the question and for what is read of the answer.
        let (call, tool) = try AnswerTool.applied(to: call, at: Wire.dialect)
        let body = try Wire.encodeRequest(call, asksForUsage: configuration.asksForUsage)
        let response = try await send(
            body, to: url, more: Wire.headers(of: call.request), streaming: call.streaming, deadline: deadline)
        let headers = Self.forwarded(response.headers)
        if call.streaming, !Self.isJSON(response.headers) {
            let stream = ProviderStream(
                response.body,
                decoder: AnswerToolDecoder(
                    Wire.decoder(secrets: secrets), tool: tool, limit: configuration.maxAnswerBytes),
                headers: headers, deadline: deadline)
            try await stream.waitForFirst()
            return stream
        }
        let completion = try Wire.decodeCompletion(try await whole(response, deadline: deadline), secrets: secrets)
        return WholeAnswer(tool?.answer(of: completion) ?? completion, headers: headers)
    }

    func deadline(of context: RunContext) -> Deadline {
        Deadline(context, at: clock.now(), total: configuration.timeouts.total)
    }

    /// The provider's answer, if it is one: its status is 200.
    func send(
        _ body: [UInt8], to url: String, more: [(name: String, value: String)] = [], streaming: Bool,
        deadline: Deadline
    ) async throws(CodedError) -> IncomingResponse {
        var timeouts = configuration.timeouts
        if let remaining = deadline.remaining { timeouts.total = min(timeouts.total, remaining) }
        // A whole answer's head comes with its end: only a stream has a first byte to wait for.
        if !streaming { timeouts.firstByte = timeouts.total }
        var headers = streaming ? headers.stream : headers.whole
        for (name, value) in more { headers.add(name, value) }
        let request = OutgoingRequest(
            url: url, headers: headers, body: body, timeouts: timeouts,
            maxBodyBytes: configuration.maxAnswerBytes, proxy: configuration.proxy)
        let response: IncomingResponse
        do { response = try await client.send(request) } catch {
            throw error.coded(streaming: false, deadline: deadline)
        }
        guard response.status == 200 else { throw await failure(of: response, deadline: deadline) }
        return response
    }

    func whole(_ response: IncomingResponse, deadline: Deadline) async throws(CodedError) -> [UInt8] {
        do { return try await response.body.collect(limit: configuration.maxAnswerBytes) } catch {
            throw error.coded(streaming: true, deadline: deadline)
        }
    }

    private static func headers(accept: String, key: Secret?) -> HTTPHeaders {
        var headers = HTTPHeaders([("content-type", "application/json"), ("accept", accept)])
        for (name, value) in Wire.headers(key: key) { headers.add(name, value) }
        return headers
    }

    private func failure(of response: IncomingResponse, deadline: Deadline) async -> CodedError {
        // An error's body is short; a longer one, or none, is judged by its status alone.
        let body: [UInt8]
        do { body = try await response.body.collect(limit: 64 << 10) } catch {
            if error.kind == .cancelled { return error.coded(streaming: true, deadline: deadline) }
            body = []
        }
        return Wire.decodeError(status: response.status, headers: response.headers, body: body, secrets: secrets)
    }

    private static func isJSON(_ headers: HTTPHeaders) -> Bool {
        headers.hasMediaType("application/json")
    }

    /// The headers of a provider that reach the caller, by allow-list.
    static func forwarded(_ headers: HTTPHeaders) -> HTTPHeaders {
        headers.selection(
            names: Wire.forwardedNames, prefixes: Wire.forwardedPrefixes, limit: 32, maxValue: 256)
    }
}
