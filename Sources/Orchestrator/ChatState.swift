internal import Base
public import HTTP
public import Models

/// What the nodes of the chat graph share. Each sees only the fields that it declares.
struct ChatState: Sendable {
    // Given.
    /// As the caller sent it.
    let given: Shared<ChatRequest>
    /// The same, and once it is composed with what was said before.
    var request: Shared<ChatRequest>
    /// The conversation that the turn belongs to; `nil` for a turn that is none's.
    let conversation: String?
    /// Whether the caller wants the answer piece by piece.
    let streaming: Bool
    /// Whether the caller lets text of the answer be taken back that it was shown.
    let takesBack: Bool

    // Written by the nodes, in this order.
    var input = InputSummary()
    /// `nil` where any text will do.
    var format: AnswerFormat?
    var plan: Shared<Plan>?
    var answer: Answering?
    /// What is wrong with the form of the answer, and to be mended.
    var violations: [String] = []
    var verdict: GuardVerdict?

    /// The answer, or what it is to be made of.
    enum Answering: Sendable {
        case whole(Shared<ChatAnswer>)
        case parts(Shared<ExpertResults>)

        /// `nil` before the fusion.
        var whole: Shared<ChatAnswer>? { if case .whole(let answer) = self { answer } else { nil } }
    }

    init(request: Shared<ChatRequest>, conversation: String?, streaming: Bool, takesBack: Bool) {
        given = request
        self.request = request
        self.conversation = conversation
        self.streaming = streaming
        self.takesBack = takesBack
    }
}

/// What the input filter found: sizes alone, no content.
public struct InputSummary: Sendable, Equatable {
    public var messages = 0
    /// UTF-8 bytes of text in all messages.
    public var textBytes = 0
    /// What the input guard noticed.
    public var findings = InputFindings()
}

/// The answer of a turn, whole.
public struct ChatAnswer: Sendable {
    /// The model that really answered.
    public var target: Target
    public var completion: ChatCompletion
    /// The provider's headers that may reach the caller.
    public var headers: HTTPHeaders
    /// How many targets were tried, the successful one included.
    public var attempts: Int
    /// What it used and cost; `nil` for an answer that did not tell.
    public var ledger: UsageRecord?
    /// What was done to it that its caller should know of.
    public var marks = AnswerMarks()
    /// What has become of the plan's experts, in the order of their declaration; none for a plan that is the request as it
    /// stands to one model.
    public var experts: [ExpertOutcome] = []
    /// The plan's identity; `nil` as above.
    public var planID: String?
    /// How several answers became this one.
    public var fusion: FusionReport?
    /// What the output guard found.
    public var findings = GuardFindings()
    /// What of the time went into the cache and the output guard.
    public var times = InnerTimes()
    /// Whether a part of it broke off after it was shown.
    var isCut = false
    /// What its experts have said, for their cache.
    var toKeep: [AnswerToKeep] = []
    /// Where the calls of its author go; `nil` for that of the plan.
    var route: Route?
}

/// What the output guard says of an answer.
public enum GuardVerdict: String, Sendable {
    /// The answer is whole and may be kept.
    case passed
    /// It was shown, but did not end as an answer should; it must not be kept.
    case incomplete
}

/// What the chat graph emits while it runs.
// What is large lies elsewhere: a signal is copied by each step on its way, and most are a few letters.
public enum ChatEvent: Sendable {
    /// A model has begun to answer; from here on nothing falls over unseen.
    /// `marks` are those that are known by then.
    indirect case answering(Target, headers: HTTPHeaders, marks: AnswerMarks = AnswerMarks())
    /// The plan is about to be executed; before everything else that its execution says.
    indirect case planned(Plan)
    /// A piece of the answer itself. All of them since the last ``replaced(from:reason:)`` together are the answer,
    /// whatever was shown provisionally.
    case model(ModelEvent)
    /// A piece of what one expert says, which may become the answer, a part of it, or nothing.
    case provisional(text: String, expert: String)
    /// What was shown provisionally is not the answer: it is right up to so many UTF-8 bytes where one expert alone was
    /// heard, else up to none. The answer follows, whole, in ``model(_:)``. What of the answer itself was shown before is
    /// not the answer either, which happens only where a sink ``ChatSink/takesBack``.
    case replaced(from: Int, reason: String)
    /// An expert of the plan has begun, or has ended in one way or another.
    case expert(name: String, phase: ExpertPhase)
    /// How much of the plan is done, in percent, which never goes back; the layer that is over.
    case progress(percent: Double, layer: String?)
    /// A sentence for whoever watches.
    case status(String)
    /// What the input guard noticed in the request, told once before anything is asked, and not where it noticed nothing.
    indirect case noticed(InputFindings)
    /// What the output guard found in the whole answer, told once, and not where it found nothing.
    indirect case guarded(GuardFindings)
    /// A target has failed, and is asked again or followed by another one.
    indirect case stepped(Gateway.Step)
    /// The stream of the target before has broken off, and this one goes on with its text.
    indirect case continuing(Target)
}
