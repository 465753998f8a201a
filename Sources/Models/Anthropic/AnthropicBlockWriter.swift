internal import JSON

extension Anthropic {
    /// Writes the content blocks of a built answer as they come about. In this dialect blocks follow one another and
    /// none is taken up again.
    struct BlockWriter: Sendable {
        private enum Open: Sendable, Equatable {
            case text, thinking
            /// A position among the calls.
            case call(Int)
        }

        private var open: Open?
        private var nextIndex = 0
        /// Every delta of the open block up to its text.
        private var deltaStart: [UInt8] = []
        private var sequence = CallSequence()
        private var ids: CallIDs
        private var ownRepairs = Repairs()

        init(answer: String) { ids = CallIDs(answer: answer, form: .anthropic) }

        var hasCalls: Bool { !sequence.calls.isEmpty }

        var repairs: Repairs {
            var all = sequence.repairs
            all += ownRepairs
            return all
        }

        /// Goes on after blocks that another has written; takes up the open one if it is a text.
        mutating func goOn(after block: (index: Int, isText: Bool)?, next: Int, to output: inout [UInt8]) {
            nextIndex = block?.index ?? next
            guard let block else { return }
            if block.isText {
                open = .text
                beginDeltas(Self.textDelta)
            } else {
                appendStop(to: &output)
                nextIndex = max(nextIndex, next)
            }
        }

        mutating func add(_ kind: ModelEvent.Kind, to output: inout [UInt8]) {
            switch kind {
            case .text(let text), .refusal(let text):
                if !text.isEmpty { put(.text(text), to: &output) }
            case .reasoning(let text):
                if !text.isEmpty { put(.reasoning(text), to: &output) }
            case .signature(let signature): put(.signature(signature), to: &output)
            case .sealedReasoning(let data): put(.sealed(data), to: &output)
            case .toolCall(let delta):
                guard let call = sequence.add(delta) else { return }
                if open == .call(call) { showArguments(of: call, to: &output) }
                release(all: false, to: &output)
            case .finish, .usage, .other, .whole: break
            }
        }

        /// Shows what still waits and ends the last block. `isCut`: the answer was too long, so that its last call need
        /// not be whole.
        mutating func finish(isCut: Bool = false, to output: inout [UInt8]) {
            release(all: true, to: &output)
            close(to: &output)
            sequence.settle(isCut: isCut)
        }

        private mutating func put(_ piece: CallSequence.Piece, to output: inout [UInt8]) {
            if sequence.admits(piece) { write(piece, to: &output) }
        }

        /// Writes what waits as far as that may be.
        private mutating func release(all: Bool, to output: inout [UInt8]) {
            while let piece = sequence.next(all: all) { write(piece, to: &output) }
        }

        private mutating func write(_ piece: CallSequence.Piece, to output: inout [UInt8]) {
            switch piece {
            case .text(let text, _), .refusal(let text):
                if open != .text { begin(.text, to: &output) }
                appendDelta(text, to: &output)
            case .reasoning(let text):
                if open != .thinking { begin(.thinking, to: &output) }
                appendDelta(text, to: &output)
            case .signature(let signature): write(signature: signature, to: &output)
            case .sealed(let data):
                close(to: &output)
                appendStart(to: &output) {
                    $0.member("type", "redacted_thinking")
                    $0.member("data", data)
                }
                appendStop(to: &output)
            case .call(let call):
                begin(.call(call), to: &output)
                showArguments(of: call, to: &output)
            }
        }

        private mutating func write(signature: String, to output: inout [UInt8]) {
            if open != .thinking {
                if signature.isEmpty { return }
                // Some thoughts are shown by their signature alone.
                begin(.thinking, to: &output)
            }
            if !signature.isEmpty {
                let index = nextIndex
                Anthropic.appendEvent("content_block_delta", to: &output) {
                    $0.member("index", index)
                    $0.member("delta", ["type": "signature_delta", "signature": .string(signature)])
                }
            }
            close(to: &output)
        }
    }
}

// MARK: - Calls

extension Anthropic.BlockWriter {
    /// What begins as no object does waits for the call's end.
    private mutating func showArguments(of call: Int, to output: inout [UInt8]) {
        guard sequence.calls[call].scanner.form == .object else { return }
        let arguments = sequence.takeArguments(of: call)
        if !arguments.isEmpty { appendDelta(arguments, to: &output) }
    }

    /// What is no object is known for good only when no more can come.
    private mutating func settleArguments(of call: Int, to output: inout [UInt8]) {
        guard sequence.calls[call].scanner.form == .other else { return }
        // Counted when the answer is over, with those that only look like an object.
        var counted = Repairs()
        let input = Anthropic.input(from: sequence.takeArguments(of: call), repairs: &counted)
        // The block began with an empty object.
        if !input.elementsEqual("{}".utf8) { appendDelta(String(decoding: input, as: UTF8.self), to: &output) }
    }
}

// MARK: - Events

extension Anthropic.BlockWriter {
    private mutating func begin(_ block: Open, to output: inout [UInt8]) {
        close(to: &output)
        let delta: Delta
        switch block {
        case .text:
            delta = Self.textDelta
            appendStart(to: &output) {
                $0.member("type", "text")
                $0.member("text", "")
            }
        case .thinking:
            delta = ("thinking_delta", "thinking")
            appendStart(to: &output) {
                $0.member("type", "thinking")
                $0.member("thinking", "")
                $0.member("signature", "")
            }
        case .call(let call):
            delta = ("input_json_delta", "partial_json")
            sequence.begin(call)
            let id = ids.id(for: sequence.calls[call].id, position: call, repairs: &ownRepairs)
            let name = sequence.calls[call].name
            appendStart(to: &output) {
                $0.member("type", "tool_use")
                $0.member("id", id)
                $0.member("name", name)
                $0.member("input", [:])
            }
        }
        open = block
        beginDeltas(delta)
    }

    private typealias Delta = (type: StaticString, field: StaticString)
    private static var textDelta: Delta { ("text_delta", "text") }

    private mutating func beginDeltas(_ delta: Delta) {
        deltaStart = Array(
            """
            event: content_block_delta
            data: {"type":"content_block_delta","index":\(nextIndex),"delta":{"type":"\(delta.type)","\(delta.field)":
            """.utf8)
    }

    private mutating func close(to output: inout [UInt8]) {
        guard let block = open else { return }
        if case .call(let call) = block { settleArguments(of: call, to: &output) }
        open = nil
        sequence.end()
        appendStop(to: &output)
    }

    private func appendStart(to output: inout [UInt8], block: (inout JSONWriter) -> Void) {
        Anthropic.appendEvent("content_block_start", to: &output) {
            $0.member("index", nextIndex)
            $0.key("content_block")
            $0.beginObject()
            block(&$0)
            $0.endObject()
        }
    }

    private mutating func appendStop(to output: inout [UInt8]) {
        Anthropic.appendEvent("content_block_stop", to: &output) { $0.member("index", nextIndex) }
        nextIndex += 1
    }

    /// The path of nearly every event: one copy of a prefix, the text, and the braces.
    private func appendDelta(_ text: String, to output: inout [UInt8]) {
        var writer = JSONWriter(deltaStart, reserving: text.utf8.count + 16)
        writer.string(text)
        output += writer.bytes
        output += [0x7d, 0x7d, 0x0a, 0x0a]
    }
}
