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
            /// Another call of the tool after the first, which is the answer.
            case surplus
            /// The caller's, under the index that it gets.
            case passed(Int)
        }

        private struct Call: Sendable {
            let index: Int
            var id: String?
            let role: Role
        }

        private let tool: AnswerTool
        private let index: Int
        private var calls: [Call] = []
        private var text: AnswerText?
        private var hasCalls = false
        /// What the model says besides, until it is known whether the tool is called.
        private var said = ""
        private var logprobs: [TokenLogprob] = []
        private var isSettled = false

        /// As many as any model makes.
        private static let maxCalls = 1024

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
                if isSettled { return output.append(ModelEvent(event.kind, choice: index, logprobs: event.logprobs)) }
                said += piece
                logprobs += event.logprobs
            case .toolCall(let delta): read(delta, into: &output)
            case .finish(let reason):
                settle(isCut: reason == .length, into: &output)
                let reason = text == nil ? reason : reason.answering(hasCalls: hasCalls)
                output.append(ModelEvent(.finish(reason), choice: index))
            default: output.append(ModelEvent(event.kind, choice: index))
            }
        }

        /// The answer is over, or was cut off.
        mutating func settle(isCut: Bool, into output: inout [ModelEvent]) {
            guard !isSettled else { return }
            isSettled = true
            if let rest = text?.finish(isCut: isCut) { return append(rest, to: &output) }
            guard !said.isEmpty || !logprobs.isEmpty else { return }
            output.append(ModelEvent(.text(said), choice: index, logprobs: logprobs))
            (said, logprobs) = ("", [])
        }

        private mutating func read(_ delta: ToolCallDelta, into output: inout [ModelEvent]) {
            guard let call = call(of: delta) else { return }
            switch call.role {
            case .answer:
                if !isSettled, let piece = text?.feed(delta.arguments) { append(piece, to: &output) }
            case .surplus: break
            case .passed(let index):
                var passed = delta
                passed.index = index
                output.append(ModelEvent(.toolCall(passed), choice: self.index))
            }
        }

        private func append(_ piece: String, to output: inout [ModelEvent]) {
            if !piece.isEmpty { output.append(ModelEvent(.text(piece), choice: index)) }
        }

        /// The call that the piece belongs to, which it may begin.
        private mutating func call(of delta: ToolCallDelta) -> Call? {
            if let position = calls.lastIndex(where: { $0.index == delta.index }) {
                // Some providers give every whole call the index 0; a new id then is a new call.
                let known = calls[position].id ?? ""
                let id = delta.id ?? ""
                if id.isEmpty || known.isEmpty || id == known {
                    if known.isEmpty { calls[position].id = delta.id }
                    return calls[position]
                }
            }
            guard calls.count < Self.maxCalls else { return nil }
            let call = Call(index: delta.index, id: delta.id, role: role(of: delta))
            calls.append(call)
            return call
        }

        private mutating func role(of delta: ToolCallDelta) -> Role {
            guard tool.isCalled(by: delta.name ?? "") else {
                hasCalls = true
                // As if the tool had not been called at all.
                let gone = Set(calls.lazy.filter { if case .passed = $0.role { false } else { true } }.map(\.index))
                return .passed(delta.index - gone.count { $0 < delta.index })
            }
            guard text == nil else { return .surplus }
            text = AnswerText(tool)
            (said, logprobs) = ("", [])
            return .answer
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
        guard let first = choice.toolCalls.first(where: { isCalled(by: $0.name) }) else { return }
        var text = AnswerText(self)
        choice.text = text.feed(first.arguments) + text.finish(isCut: choice.finishReason == .length)
        // They were of the text that the answer takes the place of.
        choice.logprobs = []
        choice.toolCalls.removeAll { isCalled(by: $0.name) }
        choice.finishReason = choice.finishReason?.answering(hasCalls: !choice.toolCalls.isEmpty)
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
