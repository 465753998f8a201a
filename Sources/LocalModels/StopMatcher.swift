/// Finds stop strings in text that comes in pieces, and holds back only what may yet become one. Pure; works on bytes,
/// so a stop string may begin and end anywhere. At most `stops × longest stop` steps a byte held back.
struct StopMatcher {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []

    /// Empty stop strings are ignored: they would match everywhere.
    init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    struct Step: Equatable {
        /// What is certain to belong to the answer.
        var bytes: [UInt8]
        /// Whether a stop string was found; the answer ends before it.
        var stopped: Bool
    }

    mutating func feed(_ piece: [UInt8]) -> Step {
        guard !stops.isEmpty else { return Step(bytes: piece, stopped: false) }
        let known = held.count
        held += piece
        if let start = firstMatch(searchingFrom: known) {
            defer { held = [] }
            return Step(bytes: Array(held[..<start]), stopped: true)
        }
        let keep = stops.map { longestOverlap(with: $0) }.max() ?? 0
        let certain = Array(held.dropLast(keep))
        held.removeFirst(certain.count)
        return Step(bytes: certain, stopped: false)
    }

    /// What was held back, when the answer ends otherwise.
    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }

    /// Where the earliest stop string begins. One that ended before `known` would have been found before.
    private func firstMatch(searchingFrom known: Int) -> Int? {
        stops.compactMap { stop -> Int? in
            guard held.count >= stop.count else { return nil }
            let first = max(0, known - stop.count + 1)
            guard first <= held.count - stop.count else { return nil }
            return (first...held.count - stop.count).first { held[$0..<$0 + stop.count].elementsEqual(stop) }
        }.min()
    }

    /// The length of the longest end of what is held that is a beginning of `stop`.
    private func longestOverlap(with stop: [UInt8]) -> Int {
        let most = min(stop.count - 1, held.count)
        guard most > 0 else { return 0 }
        return (1...most).reversed().first { held.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0
    }
}
