public import Base
public import Models

/// Makes one answer of several. Register your own with ``ExpertSettings/fusions`` and name it in a plan as `own`.
///
///     struct Longest: Fusion {
///         func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
///             let longest = inputs.max { $0.text.utf8.count < $1.text.utf8.count }
///             return FusedAnswer(of: longest ?? inputs[0], reasons: ["It is the longest."])
///         }
///     }
public protocol Fusion: Sendable {
    /// Called once a turn, on the run's task, with at least one input. What it throws lets the best single answer take
    /// its place, unless something of its own was shown by then for good; a cancellation ends the turn. It should depend on its
    /// arguments alone, so that a turn gives the same answer whatever was ready first.
    /// - Parameter inputs: In the order of their declaration, without those that were left out.
    func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer
}

/// What one expert says.
public struct FusionInput: Sendable, Equatable {
    /// The expert's.
    public var name: String
    /// As the output guard let it pass.
    public var text: String
    /// The model that answered; `nil` for a text that stands in for its answer.
    public var target: Target?
    public var usage: Usage?

    public init(name: String, text: String, target: Target? = nil, usage: Usage? = nil) {
        self.name = name
        self.text = text
        self.target = target
        self.usage = usage
    }
}

/// The one answer.
public struct FusedAnswer: Sendable, Equatable {
    public var text: String
    /// The expert whose answer it is, unchanged; `nil` where several are in it.
    public var expert: String?
    /// Why it is this one, a sentence each. They are told to the caller.
    public var reasons: [String]

    public init(text: String, expert: String? = nil, reasons: [String] = []) {
        self.text = text
        self.expert = expert
        self.reasons = reasons
    }

    /// An expert's answer as it stands.
    public init(of input: FusionInput, reasons: [String] = []) {
        self.init(text: input.text, expert: input.name, reasons: reasons)
    }
}

/// How an answer was made of several, for whoever wants to know.
public struct FusionReport: Sendable, Equatable {
    public var kind: FusionRule.Kind
    /// The expert whose answer it is; `nil` where several are in it.
    public var expert: String?
    public var reasons: [String]
    /// Why the plan's own fusion gave no answer, so that the best single one took its place.
    public var failure: ErrorCode?
}

/// What a fusion works with besides the answers.
public struct FusionContext: Sendable {
    /// What the caller asked.
    public let request: ChatRequest
    /// Scope, ids, and the plan's deadline.
    public let run: RunContext
    let desk: FusionDesk
    /// The form that the answer is to have, where one was asked for.
    let format: AnswerFormat?

    /// Asks a model something that the caller does not see. Its tokens count as the turn's.
    /// - Throws: what the gateway does.
    public func ask(_ request: ChatRequest, of route: Route) async throws(CodedError) -> String {
        try await desk.call(request, route, run, isAnswer: false)
    }

    /// Lets a model write the answer; the caller sees it as it comes about. What was written so is the answer, whatever
    /// is returned besides. Its tokens count as the turn's.
    /// - Throws: what the gateway does; `cancelled` when the caller has gone.
    public func write(_ request: ChatRequest, by route: Route) async throws(CodedError) -> String {
        try await desk.call(request, route, run, isAnswer: true)
    }
}
