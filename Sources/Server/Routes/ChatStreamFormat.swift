internal import Base
internal import HTTP
internal import Models
internal import Orchestrator

/// The events of one answer in a client's dialect. Only what models say is shown; the pipeline's own events are of no
/// such dialect.
struct ChatStreamFormat<Dialect: ClientDialect>: EventStreamFormat {
    /// What clients of these dialects have read is final.
    static var takesBack: Bool { false }
    private let request: Shared<ChatRequest>
    private var identity: AnswerIdentity
    private let requestID: String
    private let repaired: @Sendable (Repairs) -> Void
    /// Knows the model that really answers, so it begins with it.
    private var encoder: Dialect.Encoder?
    private(set) var headers = HTTPHeaders()

    init(
        request: Shared<ChatRequest>, identity: AnswerIdentity, requestID: String,
        repaired: @escaping @Sendable (Repairs) -> Void = { _ in }
    ) {
        self.request = request
        self.identity = identity
        self.requestID = requestID
        self.repaired = repaired
    }

    func opens(with signal: ChatSignal) -> Bool {
        if case .said(.answering) = signal { true } else { false }
    }

    mutating func signal(_ signal: ChatSignal, into output: inout [UInt8]) {
        guard case .said(let event) = signal else { return }
        switch event {
        case .answering(let target, let headers, let marks):
            identity.model = target.name
            self.headers = headers
            marks.set(in: &self.headers)
            encoder = newEncoder()
        case .model(let event): encoder?.encode(event, into: &output)
        case .stepped, .continuing, .planned, .provisional, .status, .progress, .expert, .replaced, .noticed, .guarded:
            break
        }
    }

    mutating func finish(_ answer: ChatAnswer, into output: inout [UInt8]) {
        encoder?.finish(into: &output)
        tellRepairs()
    }

    mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
        var encoder = encoder ?? newEncoder()
        encoder.fail(error.shown(requestID: requestID), into: &output)
        self.encoder = encoder
        tellRepairs()
    }

    private func newEncoder() -> Dialect.Encoder {
        Dialect.encoder(to: request.value, as: identity, requestID: requestID)
    }

    private func tellRepairs() {
        if let repairs = encoder?.repairs, !repairs.isEmpty { repaired(repairs) }
    }
}
