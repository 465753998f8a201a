public import Base

/// The keys of a server, and the one place that decides whether a text is one of them. Pure, but for the time that is
/// handed in.
///
/// Every text costs the same, whether a key is like it or not: one hash, one look-up by the hash, whose digits nobody
/// without the pepper can choose, and one comparison of all bytes.
public struct KeyRing: Sendable {
    public enum Verdict: Sendable, Equatable {
        case valid(Scope)
        case unknown
        /// The name is for the log alone; a caller hears no more than of an unknown key.
        case revoked(name: String)
        case expired(name: String)
    }

    private let pepper: Pepper
    private let keys: [CallerKey]
    /// Where the keys are, by the first word of their hashes.
    private let places: [UInt64: [Int]]
    /// What takes the place of a text that is too long to be a key.
    private let stand: [UInt8] = Array(repeating: 0x2e, count: KeyText.lengths.lowerBound)
    /// What an unknown text is compared with.
    private let nobody = [
        CallerKey(name: "", hash: KeyHash(mark: 0, [0, 0, 0, 0]), tenant: "", user: "", role: .viewer)
    ]

    /// - Throws: `keys_unusable` naming the keys that were hashed under another pepper, at most three.
    public init(_ keys: [CallerKey], pepper: Pepper) throws(CodedError) {
        let foreign = keys.filter { $0.hash.pepperMark != pepper.mark }.map(\.name)
        guard foreign.isEmpty else {
            let more = foreign.count > 3 ? " and \(foreign.count - 3) more" : ""
            throw CodedError(
                .keysUnusable,
                "The hashes of these keys were made under another pepper: \(foreign.prefix(3).joined(separator: ", "))"
                    + "\(more). Bring that pepper back, or hash the keys anew with `tutti keys hash`.")
        }
        self.pepper = pepper
        self.keys = keys
        var places: [UInt64: [Int]] = [:]
        for (index, key) in keys.enumerated() { places[key.hash.words[0], default: []].append(index) }
        self.places = places
    }

    /// How many keys there are, revoked ones too.
    public var count: Int { keys.count }

    /// Whose key `presented` is at `now`. O(length), at most that of the longest key; about a microsecond.
    public func verdict(on presented: String, at now: WallTime) -> Verdict {
        let isTooLong = presented.utf8.count > KeyText.lengths.upperBound
        guard let hash = pepper.hash(isTooLong ? stand : Array(presented.utf8)) else { return .unknown }
        let candidates = places[hash.words[0]].map { $0.map { keys[$0] } } ?? nobody
        var found: CallerKey?
        for key in candidates where key.hash.isSame(as: hash) { found = key }
        guard let found, !isTooLong, !found.name.isEmpty else { return .unknown }
        if found.isRevoked { return .revoked(name: found.name) }
        if let end = found.expires, now >= end { return .expired(name: found.name) }
        return .valid(found.scope)
    }
}
