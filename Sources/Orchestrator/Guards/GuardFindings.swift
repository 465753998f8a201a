/// A kind of thing that should not leave unseen.
public enum GuardKind: Sendable, Hashable {
    case email, phone, card, iban, ssn, key
    /// One of the user's own, by its name.
    case pattern(String)

    /// The kinds that are built in, in the order in which they are told.
    public static let builtIn: [GuardKind] = [.email, .phone, .card, .iban, .ssn, .key]

    /// As events and metrics name it.
    public var name: String {
        switch self {
        case .email: "email"
        case .phone: "phone"
        case .card: "card"
        case .iban: "iban"
        case .ssn: "ssn"
        case .key: "key"
        case .pattern(let name): name
        }
    }

    /// What stands in the text in place of a finding.
    public var mark: String {
        switch self {
        case .pattern(let name): "[PATTERN_\(name.uppercased())]"
        default: "[\(name.uppercased())]"
        }
    }
}

/// How often what was found, and whether it was replaced. Never what it was.
public struct GuardFindings: Sendable, Equatable {
    /// Only kinds that were found.
    public private(set) var counts: [GuardKind: Int] = [:]
    /// Whether the marks stand in the text; otherwise what was found does.
    public var isRedacted = false

    public init() {}

    public var isEmpty: Bool { counts.isEmpty }
    public var total: Int { counts.values.reduce(0) { $0 &+ $1 } }

    /// What was found, the built-in kinds first, then the user's by name.
    public var sorted: [(kind: GuardKind, count: Int)] {
        if counts.isEmpty { return [] }
        let own = counts.keys.filter { if case .pattern = $0 { true } else { false } }.sorted { $0.name < $1.name }
        return (GuardKind.builtIn + own).compactMap { kind in counts[kind].map { (kind, $0) } }
    }

    public mutating func add(_ kind: GuardKind, _ count: Int = 1) { counts[kind, default: 0] &+= count }

    /// There are at least so many: some of them may have been added before.
    mutating func raise(_ kind: GuardKind, to count: Int) { counts[kind] = max(counts[kind] ?? 0, count) }

    public mutating func add(_ other: GuardFindings) {
        for (kind, count) in other.counts { add(kind, count) }
        isRedacted = isRedacted || other.isRedacted
    }
}
