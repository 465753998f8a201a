public import Models

/// How one answer is made of the experts' answers.
public enum FusionRule: Sendable, Hashable {
    /// This expert's answer is the answer; it streams live.
    case lead(String)
    /// The answer with the highest score, the sum of the signals' by their weights. Of equal ones that which was
    /// declared first.
    case best([FusionSignal])
    /// The most frequent answer, by its normalised text. Of equally frequent ones that which was declared first.
    case vote
    /// All of them, in the order of their declaration; streams live.
    case concatenate(separator: String, titled: Bool)
    /// A model writes one answer from all, which it gets in the order of their declaration.
    case synthesise(FusionModel)
    /// One that the user of the library registered under this name.
    case own(String)

    /// Whether what is streamed is final. The others can change the text.
    public var keepsText: Bool {
        switch self {
        case .lead, .concatenate: true
        case .best, .vote, .synthesise, .own: false
        }
    }

    /// Whether the order in which the experts are declared can change the answer: for all that fuse, since ties go by
    /// it, and models read in it.
    public var isOrdered: Bool {
        if case .lead = self { false } else { true }
    }

    /// As configuration calls it.
    public var kind: Kind {
        switch self {
        case .lead: .lead
        case .best: .best
        case .vote: .vote
        case .concatenate: .concatenate
        case .synthesise: .synthesise
        case .own: .own
        }
    }

    public enum Kind: String, Sendable, CaseIterable {
        case lead, best, vote, concatenate, synthesise, own
    }
}

/// A model that takes part in a fusion: it judges the answers, or writes one from all.
public struct FusionModel: Sendable, Hashable {
    public var model: String
    /// Where its call goes. Empty only in a ``PlanTemplate``.
    public var route: Route
    public var versions: [String] = []
    /// What it is told to do with the answers; `nil` for the usual words.
    public var instructions: String?

    public init(model: String, route: Route = Route(chain: []), instructions: String? = nil) {
        self.model = model
        self.route = route
        self.instructions = instructions
    }
}

/// What speaks for an answer, and how much.
public struct FusionSignal: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A model that gives marks. Its instructions are what it is told to look for.
        case judge(FusionModel)
        /// How much of it the other answers say as well.
        case agreement
        /// Whether its length in characters is in the range.
        case length(ClosedRange<Int>)
        /// Whether it has the form that the request asked for.
        case format
    }

    public static let weights = 0.001...1000.0
    /// What a length may be.
    public static let lengths = 0...10_000_000

    public var kind: Kind
    /// Within ``weights``.
    public var weight: Double

    public init(_ kind: Kind, weight: Double = 1) {
        self.kind = kind
        self.weight = weight
    }

    /// As configuration calls it.
    public var name: String {
        switch kind {
        case .judge: "judge"
        case .agreement: "agreement"
        case .length: "length"
        case .format: "format"
        }
    }
}
