/// Brings the pieces of a streamed answer into an order in which nothing is taken up again, for dialects that show an
/// answer as blocks or items one after the other. Where a provider goes on to something else while a call may still go
/// on, the call stays open and the rest waits until its arguments are whole or the answer ends.
struct CallSequence: Sendable {
    enum Piece: Sendable {
        case text(String, [TokenLogprob] = [])
        case refusal(String), reasoning(String), signature(String), sealed(String)
        /// The beginning of a call, a position in `calls`, and what has come of it by then.
        case call(Int)
    }

    private var tracker = ToolCallTracker()
    /// Of each call, the arguments that are not shown yet.
    private var unshown: [String] = []
    private(set) var repairs = Repairs()
    /// The call that is being shown.
    private var open: Int?
    private var waiting: ArraySlice<Piece> = []

    var calls: [ToolCallTracker.Call] { tracker.calls }

    /// Whether the piece may be shown at once; else it waits.
    mutating func admits(_ piece: Piece) -> Bool {
        if waiting.isEmpty, !callMayGoOn { return true }
        waiting.append(piece)
        return false
    }

    /// What of that which waits may be shown next; `all` when no more can come. Whoever shows a call says so with
    /// `begin`.
    mutating func next(all: Bool) -> Piece? {
        guard let next = waiting.first else { return nil }
        if !all {
            if callMayGoOn { return nil }
            // A call is shown by its name.
            if case .call(let call) = next, tracker.calls[call].name.isEmpty { return nil }
        }
        return waiting.popFirst()
    }

    mutating func begin(_ call: Int) { open = call }
    mutating func end() { open = nil }

    /// Keeps a piece of a call until `takeArguments`. Returns the call, or `nil` for one too many.
    mutating func add(_ delta: ToolCallDelta) -> Int? {
        guard let piece = tracker.add(delta) else { return nil }
        if piece.isFirst {
            unshown.append(piece.arguments)
            waiting.append(.call(piece.position))
        } else {
            unshown[piece.position] += piece.arguments
        }
        return piece.position
    }

    mutating func takeArguments(of call: Int) -> String {
        defer { unshown[call] = "" }
        return unshown[call]
    }

    /// Counts what had to be mended, once the answer is over. `isCut`: it was too long, so that its last call need not
    /// be whole.
    mutating func settle(isCut: Bool) {
        repairs.note(.toolCallDropped, times: tracker.dropped)
        if !isCut { repairs.note(.toolArguments, times: tracker.improperArguments) }
    }

    /// Whether the open call's arguments are not whole.
    private var callMayGoOn: Bool { open.map { !tracker.calls[$0].scanner.isWhole } ?? false }
}
