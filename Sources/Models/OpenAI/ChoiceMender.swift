extension OpenAI {
    /// What a client is to read of the calls and the end of one choice, so that it can tell the calls apart and run
    /// them. A pure state machine.
    struct ChoiceMender: Sendable {
        /// What stands in the place of a piece of a call.
        struct MendedPiece {
            /// The call's position: clients take indices for places in a list.
            let position: Int
            let isFirst: Bool
            /// Only with the first piece: some clients put together what later ones say.
            let id: String?
            let arguments: String
        }

        private var tracker = ToolCallTracker()
        private var ids: CallIDs
        /// Of each call, the kinds that have been counted: once a call.
        private var counted: [Repairs] = []
        private var hasBlankReason = false
        /// The reason that the client has been shown.
        private(set) var shown: FinishReason?

        /// `answer` is the answer's id.
        init(answer: String, choice: Int) { ids = CallIDs(answer: answer, choice: choice, form: .openai) }

        private var hasCalls: Bool { !tracker.calls.isEmpty }

        /// `nil` where nothing of it is to be shown. `index` is what the provider said, if it did.
        mutating func add(_ delta: ToolCallDelta, index: Int?, repairs: inout Repairs) -> MendedPiece? {
            guard let piece = tracker.add(delta) else { return nil }
            let position = piece.position
            var id: String?
            if piece.isFirst {
                var made = Repairs()
                id = ids.id(for: delta.id ?? "", position: position, repairs: &made)
                repairs += made
                counted.append(made)
            } else if delta.id?.isEmpty == false {
                note(.toolCallID, ofCall: position, &repairs)
            }
            if index != position { note(.toolCallIndex, ofCall: position, &repairs) }
            return MendedPiece(position: position, isFirst: piece.isFirst, id: id, arguments: piece.arguments)
        }

        /// Once for each call, however many of its pieces are odd in the same way.
        mutating func note(_ kind: Repairs.Kind, ofCall position: Int, _ repairs: inout Repairs) {
            guard counted[position][kind] == 0 else { return }
            counted[position].note(kind)
            repairs.note(kind)
        }

        /// The reason to show in the place of this one; `nil` for none. The same once more says nothing new; of two,
        /// the first is right, unless calls have come since.
        mutating func finish(_ said: FinishReason?, repairs: inout Repairs) -> FinishReason? {
            if said == .other("") {
                // Some servers say this for "not yet", with every piece.
                if !hasBlankReason { repairs.note(.finishReason) }
                hasBlankReason = true
                return nil
            }
            var own = Repairs()
            let settled = FinishReason.settled(said, hasCalls: hasCalls, repairs: &own)
            if let shown, settled != shown, !(shown == .stop && settled == .toolCalls) {
                repairs.note(.finishReason)
                return nil
            }
            if shown != nil, settled != shown { own.note(.finishReason) }
            if own[.finishReason] > 0 { repairs.note(.finishReason) }
            shown = settled
            return settled
        }

        /// The choice is over. Returns the reason that is still to be shown. `mayLackReason`: none is as good.
        mutating func end(mayLackReason: Bool, repairs: inout Repairs) -> FinishReason? {
            repairs.note(.toolCallDropped, times: tracker.dropped)
            if shown != .length { repairs.note(.toolArguments, times: tracker.improperArguments) }
            let isRight = shown.map { $0 != .stop || !hasCalls } ?? mayLackReason
            return isRight ? nil : finish(nil, repairs: &repairs)
        }
    }
}
