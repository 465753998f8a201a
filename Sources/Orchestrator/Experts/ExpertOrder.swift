/// In which order the experts of a plan come, and who waits on whom.
struct ExpertOrder: Sendable {
    /// All of them, each behind those that it comes after, and otherwise as they were declared.
    let names: [String]
    /// By expert, all on which it waits, at whatever distance.
    let before: [String: Set<String>]

    /// O(experts × dependencies); a plan has no cycle.
    init(_ experts: [Plan.Expert]) {
        var names: [String] = []
        var before: [String: Set<String>] = [:]
        var waiting = experts
        while let place = waiting.firstIndex(where: { $0.after.allSatisfy { before[$0] != nil } }) {
            let expert = waiting.remove(at: place)
            before[expert.name] = expert.after.reduce(into: Set(expert.after)) { $0.formUnion(before[$1] ?? []) }
            names.append(expert.name)
        }
        self.names = names
        self.before = before
    }
}
