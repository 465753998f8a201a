internal import Base
internal import HTTP
internal import Models

/// What an expert hands to those that come after it, and to the fusion.
struct ExpertResult: Sendable {
    var outcome: ExpertOutcome
    /// `nil` for one that is left out.
    var text: String?
    /// What its model said, whole; `nil` where the text is not a model's, or was kept.
    var completion: ChatCompletion?
    var headers = HTTPHeaders()
    var marks = AnswerMarks()
    /// How many targets were tried for it.
    var attempts = 0
    var findings = GuardFindings()
    /// Of its answer, as far as that is timed.
    var guarding = Duration.zero
    /// Whether it broke off after a part of it was shown, which stays.
    var isCut = false
    /// For the experts' cache.
    var toKeep: AnswerToKeep?

    var name: String { outcome.name }
}

/// What has come of all experts of a plan: what the fusion makes one answer of.
struct ExpertResults: Sendable {
    /// In the order of their declaration.
    var experts: [ExpertResult]
    /// When the plan's time is over.
    var deadline: Instant?
    /// What the caller has seen of it so far.
    var shown = Shown()
    /// What looking for kept answers took.
    var lookups = Duration.zero

    /// What the caller has seen while the experts worked.
    struct Shown: Sendable, Equatable {
        /// Whether it knows who answers.
        var isBegun = false
        /// Whether text of the answer itself was shown.
        var isFinal = false
        /// Who was heard provisionally, and of one that was alone what it said.
        var speakers: Set<String> = []
        var only = ""
    }

    subscript(name: String) -> ExpertResult? { experts.first { $0.name == name } }
}
