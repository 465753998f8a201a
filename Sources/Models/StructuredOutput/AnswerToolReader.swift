internal import Base

/// Turns the calls of an ``AnswerTool`` into the answer's text. Nothing of the provider's own bytes is passed on, for
/// they tell of the call. A pure state machine.
struct AnswerToolReader: Sendable {
    private let tool: AnswerTool
    /// The most bytes that are kept back.
    private let limit: Int
    private var choices: [Int: Choice] = [:]

    /// More answers than any model gives; whatever a stream numbers beyond is dropped.
    private static let maxChoices = 128

    /// - Parameter limit: the most bytes of an answer's text that are kept back until its end.
    init(_ tool: AnswerTool, limit: Int) {
        self.tool = tool
        self.limit = limit
    }

    /// Appends what the event means to the caller, which may be nothing.
    /// - Throws: `provider_invalid_answer` for more text than may be kept back.
    mutating func read(_ event: ModelEvent, into output: inout [ModelEvent]) throws(CodedError) {
        switch event.kind {
        case .whole(let completion): output.append(ModelEvent(.whole(tool.answer(of: completion))))
        case .usage, .other: output.append(ModelEvent(event.kind, choice: event.choice))
        default:
            guard choices[event.choice] != nil || choices.count < Self.maxChoices else { return }
            choices[event.choice, default: Choice(tool, index: event.choice)].read(event, into: &output)
            guard choices.values.reduce(0, { $0 + $1.heldCount }) <= limit else {
                throw CodedError(.providerInvalidAnswer, "The provider's answer is too long.")
            }
        }
    }

    /// The stream has ended: what was kept back of answers that told no end of their own.
    mutating func finish(into output: inout [ModelEvent]) {
        for index in choices.keys.sorted() { choices[index]?.settle(isCut: false, into: &output) }
    }
}

extension AnswerToolReader {
    /// One of the `n` answers of a stream.
    private struct Choice: Sendable {
        private enum Role: Sendable {
            case answer
            /// A call of the tool where the answer is another, or is not to come in this turn.
            case surplus
            /// The caller's, under the index that it gets.
            case passed(Int)
        }

        private let tool: AnswerTool
        private let index: Int
        private var tracker = ToolCallTracker()
        /// Of each call, by its position.
        private var roles: [Role] = []
        /// How many of the calls are the caller's.
        private var passedCount = 0
        private var text: AnswerText?
        /// What the model says besides, until it is known whether the tool is called.
        private var said = ""
        private var logprobs: [TokenLogprob] = []
        /// Whether nothing is an answer any more, or a part of one: it is over, or text was shown in its place.
        private var isSettled = false

        init(_ tool: AnswerTool, index: Int) {
            self.tool = tool
            self.index = index
        }

        /// An entry of likelihoods is about as long as this many bytes.
        var heldCount: Int { said.utf8.count + 64 * logprobs.count + (text?.heldCount ?? 0) }

        mutating func read(_ event: ModelEvent, into output: inout [ModelEvent]) {
            switch event.kind {
            case .text(let piece):
                guard text == nil else { return }
                said += piece
                logprobs += event.logprobs
                if isSettled || passedCount > 0 { release(into: &output) }
            case .toolCall(let delta): read(delta, into: &output)
            case .finish(let reason):
                settle(isCut: reason == .length, into: &output)
                let isChanged = roles.count > passedCount
                let shown = isChanged ? reason.answering(hasCalls: passedCount > 0) : reason
                output.append(ModelEvent(.finish(shown), choice: index))
            default: output.append(ModelEvent(event.kind, choice: index))
            }
        }

        /// The answer is over, or was cut off.
        mutating func settle(isCut: Bool, into output: inout [ModelEvent]) {
            guard !isSettled else { return }
            isSettled = true
            if let rest = text?.finish(isCut: isCut) { return append(rest, to: &output) }
            release(into: &output)
        }

        /// Shows what was kept back. No call can take its place any more.
        private mutating func release(into output: inout [ModelEvent]) {
            guard !said.isEmpty || !logprobs.isEmpty else { return }
            isSettled = true
            output.append(ModelEvent(.text(said), choice: index, logprobs: logprobs))
            (said, logprobs) = ("", [])
        }

        private mutating func read(_ delta: ToolCallDelta, into output: inout [ModelEvent]) {
            guard let piece = tracker.add(delta) else { return }
            if piece.isFirst { begin(delta, into: &output) }
            switch roles[piece.position] {
            case .answer: if !isSettled, let shown = text?.feed(piece.arguments) { append(shown, to: &output) }
            case .surplus: break
            case .passed(let index):
                // With all that it says, so that whoever shows it sees what had to be mended.
                var passed = delta
                passed.index = index
                output.append(ModelEvent(.toolCall(passed), choice: self.index))
            }
        }

        private func append(_ piece: String, to output: inout [ModelEvent]) {
            if !piece.isEmpty { output.append(ModelEvent(.text(piece), choice: index)) }
        }

        /// A call begins with the piece.
        private mutating func begin(_ delta: ToolCallDelta, into output: inout [ModelEvent]) {
            if !tool.isCalled(by: delta.name ?? "") {
                // It is a turn of tools, in which the text stands before the calls. They are numbered as if the tool
                // had not been called at all, each by itself, for a provider's own numbers may be those of several.
                release(into: &output)
                roles.append(.passed(passedCount))
                passedCount += 1
            } else if text != nil || isSettled {
                roles.append(.surplus)
            } else {
                text = AnswerText(tool)
                (said, logprobs) = ("", [])
                roles.append(.answer)
            }
        }
    }
}

/// The text of an answer from the arguments that it came as.
private struct AnswerText: Sendable {
    private var wrapped: WrappedAnswer?
    private var isEmpty = true

    init(_ tool: AnswerTool) { wrapped = tool.isWrapped ? WrappedAnswer() : nil }

    var heldCount: Int { wrapped?.heldCount ?? 0 }

    mutating func feed(_ piece: String) -> String {
        let text = wrapped?.feed(piece) ?? piece
        if !text.isEmpty { isEmpty = false }
        return text
    }

    mutating func finish(isCut: Bool) -> String {
        if var wrapped {
            let rest = wrapped.finish()
            self.wrapped = wrapped
            return rest
        }
        // A call without arguments is one with an empty object.
        return isEmpty && !isCut ? "{}" : ""
    }
}

extension AnswerTool {
    /// A whole answer, read as a stream of it would be.
    func answer(of completion: ChatCompletion) -> ChatCompletion {
        var answer = completion
        answer.frame = nil
        for index in answer.choices.indices { read(&answer.choices[index]) }
        return answer
    }

    private func read(_ choice: inout ChatCompletion.Choice) {
        guard let first = choice.toolCalls.firstIndex(where: { isCalled(by: $0.name) }) else { return }
        // Text and a call of the caller's before it: a turn of tools, which keeps its text.
        if first == 0 || choice.text?.isEmpty != false {
            var text = AnswerText(self)
            let arguments = Self.trimmed(choice.toolCalls[first].arguments)
            choice.text = text.feed(arguments) + text.finish(isCut: choice.finishReason == .length)
            // They were of the text that the answer takes the place of.
            choice.logprobs = []
        }
        choice.toolCalls.removeAll { isCalled(by: $0.name) }
        choice.finishReason = choice.finishReason?.answering(hasCalls: !choice.toolCalls.isEmpty)
    }

    /// Without what stands behind their end.
    private static func trimmed(_ arguments: String) -> String {
        var tracker = ToolCallTracker()
        return tracker.add(ToolCallDelta(index: 0, arguments: arguments))?.arguments ?? arguments
    }

    /// A call without a name can only be of the one tool that may be called.
    fileprivate func isCalled(by name: String) -> Bool { name == self.name || name.isEmpty && choice == .forced }
}

extension FinishReason {
    /// Why an answer ended whose call was turned into text.
    fileprivate func answering(hasCalls: Bool) -> FinishReason {
        switch self {
        case .toolCalls, .functionCall: hasCalls ? self : .stop
        default: self
        }
    }
}
