public import Base
internal import HTTP
public import HTTPClient

extension OpenAI {
    /// How one provider is reached.
    public struct ProviderConfiguration: Sendable {
        /// The name in the configuration.
        public var name: String
        /// Up to and without `/chat/completions`.
        public var baseURL: String
        public var key: Secret?
        public var timeouts = OutgoingRequest.Timeouts()
        /// The most bytes of a whole answer, and of a stream together.
        public var maxAnswerBytes = 64 << 20
        /// Whether streams are asked for their usage; off for servers that refuse `stream_options`.
        public var asksForUsage = true
        public var proxy: String?

        public init(name: String, baseURL: String, key: Secret? = nil) {
            self.name = name
            self.baseURL = baseURL
            self.key = key
        }
    }

    /// A provider that speaks this dialect. Holds the client and a clock; everything else is in pure functions.
    public struct Provider: ChatModel {
        private let configuration: ProviderConfiguration
        private let client: any HTTPCalling
        private let clock: any TimeSource
        private let url: String
        private let secrets: Secrets
        /// What goes with every call: the caller's own headers are not known here, so none of them can get out.
        private let headers: (whole: HTTPHeaders, stream: HTTPHeaders)

        public init(_ configuration: ProviderConfiguration, client: any HTTPCalling, clock: any TimeSource) {
            self.configuration = configuration
            self.client = client
            self.clock = clock
            var base = configuration.baseURL[...]
            while base.hasSuffix("/") { base.removeLast() }
            url = base + "/chat/completions"
            secrets = Secrets(configuration.key.map { [$0] } ?? [])
            headers = (
                Self.headers(accept: "application/json", key: configuration.key),
                Self.headers(accept: "text/event-stream", key: configuration.key)
            )
        }

        public func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
            let deadline = Deadline(context, at: clock.now(), total: configuration.timeouts.total)
            let response: IncomingResponse
            do { response = try await client.send(request(for: call, deadline: deadline)) } catch {
                throw Self.coded(error, streaming: false, deadline: deadline)
            }
            guard response.status == 200 else { throw await failure(of: response, deadline: deadline) }
            let headers = Self.forwarded(response.headers)
            if call.streaming, !Self.isJSON(response.headers) {
                let stream = ProviderStream(
                    response.body, decoder: StreamDecoder(secrets: secrets), headers: headers, deadline: deadline)
                try await stream.waitForFirst()
                return stream
            }
            let body: [UInt8]
            do { body = try await response.body.collect(limit: configuration.maxAnswerBytes) } catch {
                throw Self.coded(error, streaming: true, deadline: deadline)
            }
            let completion = try decodeCompletion(body, secrets: secrets)
            return WholeAnswer(completion, headers: headers)
        }

        private func request(for call: ModelCall, deadline: Deadline) -> OutgoingRequest {
            var timeouts = configuration.timeouts
            if let remaining = deadline.remaining { timeouts.total = min(timeouts.total, remaining) }
            // A whole answer's head comes with its end: only a stream has a first byte to wait for.
            if !call.streaming { timeouts.firstByte = timeouts.total }
            return OutgoingRequest(
                url: url, headers: call.streaming ? headers.stream : headers.whole,
                body: encodeRequest(call, asksForUsage: configuration.asksForUsage),
                timeouts: timeouts, maxBodyBytes: configuration.maxAnswerBytes, proxy: configuration.proxy)
        }

        private static func headers(accept: String, key: Secret?) -> HTTPHeaders {
            var headers = HTTPHeaders([("content-type", "application/json"), ("accept", accept)])
            if let key { headers.add("authorization", "Bearer \(key.reveal())") }
            return headers
        }

        private func failure(of response: IncomingResponse, deadline: Deadline) async -> CodedError {
            // An error's body is short; a longer one, or none, is judged by its status alone.
            let body: [UInt8]
            do { body = try await response.body.collect(limit: 64 << 10) } catch {
                if error.kind == .cancelled { return Self.coded(error, streaming: true, deadline: deadline) }
                body = []
            }
            return decodeError(status: response.status, headers: response.headers, body: body, secrets: secrets)
        }

        private static func isJSON(_ headers: HTTPHeaders) -> Bool {
            headers.hasMediaType("application/json")
        }

        /// The headers of a provider that reach the caller, by allow-list.
        static func forwarded(_ headers: HTTPHeaders) -> HTTPHeaders {
            headers.selection(
                names: ["openai-processing-ms", "retry-after"], prefixes: ["x-ratelimit-"], limit: 32, maxValue: 256)
        }

        static func coded(_ error: HTTPClientError, streaming: Bool, deadline: Deadline) -> CodedError {
            switch error.kind {
            case .badURL:
                CodedError(.modelUnavailable, "The provider's base_url is not an http or https address.")
            case .unreachable: CodedError(.providerUnreachable, "No connection to the provider could be made.")
            case .tls: CodedError(.providerUnreachable, "The provider's certificate or TLS handshake was refused.")
            case .timeout(.total) where deadline.isTighter:
                CodedError(.deadlineExceeded, "The time for this request is over.")
            case .timeout(let phase):
                CodedError(.providerTimeout, "The provider did not answer in time (\(phase.rawValue)).")
            case .broken where streaming:
                CodedError(.providerStreamBroken, "The connection to the provider broke before its answer ended.")
            case .broken: CodedError(.providerInvalidAnswer, "The provider's answer is not valid HTTP.")
            case .tooLarge: CodedError(.providerInvalidAnswer, "The provider's answer is too long.")
            case .cancelled: CodedError(.cancelled, "The request was cancelled.")
            case .shutdown: CodedError(.shuttingDown, "The server is stopping.")
            }
        }
    }

    /// What is left of a run's time when a call starts, beside what the provider's configuration allows.
    struct Deadline: Sendable {
        /// `nil` for a run without a deadline.
        let remaining: Duration?
        /// Whether the run's time is over before the provider's is.
        let isTighter: Bool

        init(_ context: RunContext, at now: Instant, total: Duration) {
            remaining = context.remaining(at: now)
            isTighter = remaining.map { $0 < total } ?? false
        }
    }
}
