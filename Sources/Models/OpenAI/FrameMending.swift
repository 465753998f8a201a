internal import JSON

extension OpenAI {
    /// Mends the chunks and bodies of one answer that clients would trip over, and lets every other go through as it
    /// is. A pure state machine.
    struct AnswerMender: Sendable {
        /// More answers than any model gives; what a stream numbers beyond goes through unread.
        static let maxChoices = 128

        private let answer: String
        private var choices: [Int: ChoiceMender] = [:]
        private(set) var repairs = Repairs()

        /// `answer` is the answer's id, of which ids of calls are made.
        init(answer: String) { self.answer = answer }

        /// A chunk as it came, or mended.
        mutating func chunk(_ bytes: [UInt8]) -> [UInt8] {
            Self.mayBeOdd(bytes) ? mended(bytes, shape: .chunk) : bytes
        }

        /// A body as it came, or mended, and everything that was odd in it counted.
        mutating func body(_ bytes: [UInt8]) -> [UInt8] {
            let result = mended(bytes, shape: .whole)
            _ = ends(of: [], mayLackReason: true)
            return result
        }

        /// A piece of a call that we write; `nil` for none.
        mutating func add(_ delta: ToolCallDelta, choice: Int) -> ToolCallDelta? {
            guard
                let piece = with(
                    choice,
                    { mender, repairs in
                        mender.add(delta, index: delta.index, repairs: &repairs)
                    }) ?? nil
            else { return nil }
            return ToolCallDelta(
                index: piece.position, id: piece.id, name: delta.name, arguments: piece.arguments)
        }

        /// A reason that we write; `nil` for none.
        mutating func finish(_ reason: FinishReason, choice: Int) -> FinishReason? {
            with(choice) { mender, repairs in
                let before = mender.shown
                let shown = mender.finish(reason, repairs: &repairs)
                // Once is enough where it is we who write.
                return shown == before ? nil : shown
            } ?? nil
        }

        /// A whole answer that we write.
        mutating func mended(_ completion: ChatCompletion) -> ChatCompletion {
            var result = completion
            for position in result.choices.indices where !result.choices[position].isPlain {
                let choice = result.choices[position]
                result.choices[position].toolCalls = choice.toolCalls.enumerated().compactMap { index, call in
                    let delta = ToolCallDelta(index: index, id: call.id, name: call.name, arguments: call.arguments)
                    guard let mended = add(delta, choice: position) else { return nil }
                    return ToolCall(id: mended.id ?? "", name: call.name, arguments: mended.arguments)
                }
                if let reason = choice.finishReason {
                    result.choices[position].finishReason = finish(reason, choice: position)
                }
            }
            _ = ends(of: [], mayLackReason: true)
            return result
        }

        /// The answer is over. Returns the reasons that are still to be shown, of these choices and of those that were
        /// mended. `mayLackReason`: one without a reason stays so.
        mutating func ends(
            of seen: some Sequence<Int>, mayLackReason: Bool
        ) -> [(choice: Int, reason: FinishReason)] {
            Set(choices.keys).union(seen).sorted().compactMap { choice in
                let reason =
                    with(choice) { mender, repairs in
                        mender.end(mayLackReason: mayLackReason, repairs: &repairs)
                    } ?? nil
                return reason.map { (choice, $0) }
            }
        }

        mutating func note(_ kind: Repairs.Kind) { repairs.note(kind) }

        private mutating func with<Result>(
            _ choice: Int, _ work: (inout ChoiceMender, inout Repairs) -> Result
        ) -> Result? {
            guard choices[choice] != nil || choices.count < Self.maxChoices else { return nil }
            return work(&choices[choice, default: ChoiceMender(answer: answer, choice: choice)], &repairs)
        }

        private mutating func mended(_ bytes: [UInt8], shape: Shape) -> [UInt8] {
            guard let root = try? JSONDocument(bytes).root else { return bytes }
            var fixes: [ChoiceFix] = []
            var isNeeded = false
            for (position, choice) in root.elements(of: "choices").enumerated() {
                let said = choice["index"]?.int.flatMap { Int(exactly: $0) } ?? 0
                // Whole ones cannot be taken for one another, however they are numbered.
                let index = shape == .whole ? position : said
                let fix =
                    with(index) { mender, repairs in
                        OpenAI.fix(choice, shape: shape, with: &mender, repairs: &repairs)
                    } ?? ChoiceFix()
                isNeeded = isNeeded || fix.isNeeded
                fixes.append(fix)
            }
            return isNeeded ? OpenAI.mended(root, shape: shape, fixes: fixes) : bytes
        }
    }
}

extension OpenAI.AnswerMender {
    /// Whether a chunk may tell of calls or of an end. A look at the bytes, since nearly none does: where text holds
    /// the words, the chunk is read in vain, and that is all.
    static func mayBeOdd(_ chunk: [UInt8]) -> Bool {
        let bytes = chunk.span
        var position = 0
        while true {
            var place = position
            while place < bytes.count, bytes[place] != UInt8(ascii: "_") { place += 1 }
            guard place < bytes.count else { return false }
            position = place + 1
            guard position < bytes.count else { return false }
            switch bytes[position] {
            case UInt8(ascii: "c"):
                if holds(toolCalls, at: place - 5, bytes), !isNull(after: place + 7, bytes) { return true }
            case UInt8(ascii: "r"):
                if holds(finishReason, at: place - 7, bytes), !isNull(after: place + 8, bytes) { return true }
            default: break
            }
        }
    }

    private static let toolCalls = Array("\"tool_calls\"".utf8)
    private static let finishReason = Array("\"finish_reason\"".utf8)

    private static func holds(_ word: [UInt8], at start: Int, _ bytes: Span<UInt8>) -> Bool {
        guard start >= 0, word.count <= bytes.count - start else { return false }
        for offset in word.indices where bytes[start + offset] != word[offset] { return false }
        return true
    }

    private static func isNull(after start: Int, _ bytes: Span<UInt8>) -> Bool {
        var position = start
        while position < bytes.count, bytes[position] <= 0x20 || bytes[position] == UInt8(ascii: ":") { position += 1 }
        return position < bytes.count && bytes[position] == UInt8(ascii: "n")
    }
}

extension ChatCompletion.Choice {
    /// Whether nothing in it can be odd: no calls, and an end that every client knows.
    var isPlain: Bool {
        guard toolCalls.isEmpty else { return false }
        return switch finishReason {
        case .stop, .length, .contentFilter, .functionCall: true
        case .toolCalls, .other, nil: false
        }
    }
}
