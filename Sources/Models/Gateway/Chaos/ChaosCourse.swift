/// Where a stream is silent or breaks off. Pure: it is told of the events and says what comes before the next one.
struct ChaosCourse: Sendable {
    enum Step: Sendable, Equatable {
        /// Nothing is in the way of what the stream has.
        case pass
        /// What was there already, and waited.
        case show(ModelSupply)
        case stall(Duration)
        case cut
    }

    private var stall: ChaosPlan.Stall?
    private var cut: Int?
    private(set) var shown = 0
    private var held: ModelSupply?

    init(_ plan: ChaosPlan) {
        stall = plan.stall
        cut = plan.cut
    }

    /// What has to happen before the next event is shown.
    mutating func step() -> Step {
        if let stall, shown >= stall.after { return .stall(stall.duration) }
        if let cut, shown >= cut { return .cut }
        guard let supply = held else { return .pass }
        held = nil
        if case .event = supply { shown += 1 }
        return .show(supply)
    }

    /// The silence that ``step()`` asked for is over.
    mutating func hasStalled() { stall = nil }

    /// Whether what the stream has may be shown now. Its end waits for what is still to happen: with the finish told,
    /// an answer is whole, whatever breaks after it.
    mutating func admits(_ supply: ModelSupply) -> Bool {
        if stall != nil || cut != nil, Self.ends(supply) {
            stall?.after = shown
            if cut != nil { cut = shown }
            held = supply
            return false
        }
        if case .event = supply { shown += 1 }
        return true
    }

    private static func ends(_ supply: ModelSupply) -> Bool {
        switch supply {
        case .end: true
        case .later: false
        case .event(let event):
            switch event.kind {
            case .finish, .whole: true
            default: false
            }
        }
    }
}
