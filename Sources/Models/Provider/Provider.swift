public import Base
internal import HTTP
public import HTTPClient
internal import Resilience

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
    /// For each key its own; never empty.
    private let headers: [(whole: HTTPHeaders, stream: HTTPHeaders)]

    public init(_ configuration: ProviderConfiguration, client: any HTTPCalling, clock: any TimeSource) {
        self.configuration = configuration
        self.client = client
        self.clock = clock
        var base = configuration.baseURL[...]
        while base.hasSuffix("/") { base.removeLast() }
        self.base = String(base)
        url = Wire.url(base: String(base))
        secrets = Secrets(configuration.keys)
        let keys: [Secret?] = configuration.keys.isEmpty ? [nil] : configuration.keys
        headers = keys.map {
            (Self.headers(accept: "application/json", key: $0), Self.headers(accept: "text/event-stream", key: $0))
        }
    }

    public func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        try await begin(call, context, token: nil)
    }

    public func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream {
        try await begin(call, context, token: token)
    }

    /// The client ends its transfer with the token, and with that whatever is waited for here.
    private func begin(
        _ call: ModelCall, _ context: RunContext, token: CancellationToken?
    ) async throws(CodedError) -> any ModelStream {
        var limits = try limits(
            call.timeouts, of: context, isLast: call.isLast, isStream: call.streaming)
        // The answer's form is settled here, for the question and for what is read of the answer.
        let (call, tool) = try AnswerTool.applied(to: call, at: Wire.dialect)
        let body = try Wire.encodeRequest(call, asksForUsage: configuration.asksForUsage)
        let response = try await send(
            body, to: url, more: Wire.headers(of: call.request), key: call.key, streaming: call.streaming,
            limits: &limits, token: token)
        if call.streaming, !Self.isJSON(response.headers) {
            let stream = stream(response, call, tool, limits)
            try await stream.waitForFirst()
            return stream
        }
        return try answer(try await whole(response, limits: limits), response, tool)
    }

    /// Out of line, as the next one is.
    @inline(never)
    private func answer(
        _ body: [UInt8], _ response: IncomingResponse, _ tool: AnswerTool?
    ) throws(CodedError) -> WholeAnswer {
        let completion = try Wire.decodeCompletion(body, secrets: secrets)
        return WholeAnswer(
            tool?.answer(of: completion) ?? completion, headers: Self.forwarded(response.headers),
            rateCount: rateCount(of: response))
    }

    /// Out of line: its temporaries are not to lie in the frame of a call that waits.
    @inline(never)
    private func stream(
        _ response: IncomingResponse, _ call: ModelCall, _ tool: AnswerTool?, _ limits: AttemptLimits
    ) -> ProviderStream {
        ProviderStream(
            response.body,
            decoder: AnswerToolDecoder(
                Wire.decoder(secrets: secrets), tool: tool, limit: configuration.maxAnswerBytes),
            hasOneChoice: call.request.n == 1, headers: Self.forwarded(response.headers),
            rateCount: rateCount(of: response), limits: limits)
    }

    private func rateCount(of response: IncomingResponse) -> RateCount? {
        RetryAfter(answer: response.headers, wall: clock.wallTime()).rateCount
    }

    /// Begins an attempt. Throws `deadline_exceeded` when the run has too little time left for one.
    @inline(never)
    func limits(
        _ timeouts: Timeouts? = nil, of context: RunContext, isLast: Bool = false, isStream: Bool = false
    ) throws(CodedError) -> AttemptLimits {
        try AttemptLimits(
            timeouts ?? configuration.timeouts, time: clock, deadline: context.deadline, isLast: isLast,
            isStream: isStream)
    }

    /// The provider's answer, if it is one: its status is 200.
    func send(
        _ body: [UInt8], to url: String, more: [(name: String, value: String)] = [], key: Int = 0,
        streaming: Bool, limits: inout AttemptLimits, token: CancellationToken? = nil
    ) async throws(CodedError) -> IncomingResponse {
        let response: IncomingResponse
        do {
            response = try await client.send(
                request(body, to: url, more, key: key, streaming: streaming, limits, token))
        } catch {
            throw error.coded(streaming: false, limits: limits)
        }
        limits.recordHead()
        guard response.status == 200 else { throw await failure(of: response, limits: limits) }
        return response
    }

    @inline(never)
    private func request(
        _ body: [UInt8], to url: String, _ more: [(name: String, value: String)], key: Int, streaming: Bool,
        _ limits: AttemptLimits, _ token: CancellationToken?
    ) -> OutgoingRequest {
        // A place that the configuration does not have is nobody's: the first key stands for it.
        let known = headers[headers.indices.contains(key) ? key : 0]
        var headers = streaming ? known.stream : known.whole
        for (name, value) in more { headers.add(name, value) }
        return OutgoingRequest(
            url: url, headers: headers, body: body, timeouts: limits.ofRequest,
            maxBodyBytes: configuration.maxAnswerBytes, proxy: configuration.proxy, token: token)
    }

    func whole(_ response: IncomingResponse, limits: AttemptLimits) async throws(CodedError) -> [UInt8] {
        do {
            return try await response.body.collect(limit: configuration.maxAnswerBytes, until: limits.nextEnd)
        } catch {
            throw error.coded(streaming: true, limits: limits)
        }
    }

    private static func headers(accept: String, key: Secret?) -> HTTPHeaders {
        var headers = HTTPHeaders([("content-type", "application/json"), ("accept", accept)])
        for (name, value) in Wire.headers(key: key) { headers.add(name, value) }
        return headers
    }

    @inline(never)
    private func failure(of response: IncomingResponse, limits: AttemptLimits) async -> CodedError {
        // An error's body is short; a longer or later one, or none, is judged by its status alone.
        let body: [UInt8]
        do { body = try await response.body.collect(limit: 64 << 10, until: limits.errorEnd) } catch {
            if error.kind == .cancelled { return error.coded(streaming: true, limits: limits) }
            body = []
        }
        return Wire.decodeError(
            status: response.status, headers: response.headers, body: body, secrets: secrets, wall: clock.wallTime())
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
