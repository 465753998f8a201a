internal import JSON

extension Anthropic {
    /// Writes the content blocks of a built answer as they come about. In this dialect blocks follow one another and
    /// none is taken up again; where a provider goes on to something else while a call may still go on, the call's
    /// block stays open and the rest waits until its arguments are whole or the answer ends.
    struct BlockWriter: Sendable {
        private enum Open: Sendable, Equatable {
            case text, thinking
            /// A position in `calls`.
            case call(Int)
        }

        private enum Piece: Sendable {
            case text(String), reasoning(String), signature(String), sealed(String)
            /// The beginning of a call, and what has come of it by then.
            case call(Int)
        }

        private struct Call: Sendable {
            /// The stream's number for it.
            let index: Int
            var id: String
            var name: String
            var scanner = ArgumentsScanner()
            /// Arguments that are not shown yet: of a call that waits, and of one that begins as no object does.
            var unwritten = ""
        }

        /// More than any model makes; whatever a stream numbers beyond is dropped.
        private static let maxCalls = 1024

        private var open: Open?
        private var nextIndex = 0
        /// Every delta of the open block up to its text.
        private var deltaStart: [UInt8] = []
        private var calls: [Call] = []
        private var waiting: ArraySlice<Piece> = []
        private var ids: CallIDs
        private(set) var repairs = Repairs()

        init(answer: String) { ids = CallIDs(answer: answer) }

        var hasCalls: Bool { !calls.isEmpty }

        mutating func add(_ kind: ModelEvent.Kind, to output: inout [UInt8]) {
            switch kind {
            case .text(let text), .refusal(let text):
                if !text.isEmpty { put(.text(text), to: &output) }
            case .reasoning(let text):
                if !text.isEmpty { put(.reasoning(text), to: &output) }
            case .signature(let signature): put(.signature(signature), to: &output)
            case .sealedReasoning(let data): put(.sealed(data), to: &output)
            case .toolCall(let delta): add(delta, to: &output)
            case .finish, .usage, .other, .whole: break
            }
        }

        /// Shows what still waits and ends the last block.
        mutating func finish(to output: inout [UInt8]) {
            release(all: true, to: &output)
            close(to: &output)
        }

        private mutating func put(_ piece: Piece, to output: inout [UInt8]) {
            if waiting.isEmpty, !callMayGoOn {
                write(piece, to: &output)
            } else {
                waiting.append(piece)
            }
        }

        /// Whether the open block is a call's, and its arguments are not whole.
        private var callMayGoOn: Bool {
            if case .call(let call)? = open { !calls[call].scanner.isWhole } else { false }
        }

        /// Writes what waits as far as that may be.
        private mutating func release(all: Bool, to output: inout [UInt8]) {
            while let next = waiting.first {
                if !all {
                    if callMayGoOn { return }
                    // A block begins with the name.
                    if case .call(let call) = next, calls[call].name.isEmpty { return }
                }
                _ = waiting.popFirst()
                write(next, to: &output)
            }
        }

        private mutating func write(_ piece: Piece, to output: inout [UInt8]) {
            switch piece {
            case .text(let text):
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
    private mutating func add(_ delta: ToolCallDelta, to output: inout [UInt8]) {
        guard let call = position(of: delta) else { return }
        if calls[call].id.isEmpty, let id = delta.id { calls[call].id = id }
        if calls[call].name.isEmpty, let name = delta.name { calls[call].name = name }
        let (kept, isProper) = calls[call].scanner.take(delta.arguments)
        if !isProper { repairs.note(.toolArguments) }
        if open == .call(call), calls[call].scanner.form == .object, calls[call].unwritten.isEmpty {
            if !kept.isEmpty { appendDelta(kept, to: &output) }
        } else {
            calls[call].unwritten += kept
            if open == .call(call) { showArguments(of: call, to: &output) }
        }
        release(all: false, to: &output)
    }

    /// The call that a delta belongs to, which may begin with it; `nil` for one too many.
    private mutating func position(of delta: ToolCallDelta) -> Int? {
        if let call = calls.lastIndex(where: { $0.index == delta.index }), continues(calls[call], delta) { return call }
        guard calls.count < Self.maxCalls else { return nil }
        calls.append(Call(index: delta.index, id: delta.id ?? "", name: delta.name ?? ""))
        waiting.append(.call(calls.count - 1))
        return calls.count - 1
    }

    /// Some providers give every whole call the same index, and some of them no id either.
    private func continues(_ call: Call, _ delta: ToolCallDelta) -> Bool {
        if let id = delta.id, !id.isEmpty { return call.id.isEmpty || call.id == id }
        guard call.scanner.isWhole, let name = delta.name, !name.isEmpty else { return true }
        return delta.arguments.utf8.allSatisfy { $0 <= 0x20 }
    }

    private mutating func showArguments(of call: Int, to output: inout [UInt8]) {
        guard calls[call].scanner.form == .object, !calls[call].unwritten.isEmpty else { return }
        appendDelta(calls[call].unwritten, to: &output)
        calls[call].unwritten = ""
    }

    /// What is no object is known for good only when no more can come.
    private mutating func settleArguments(of call: Int, to output: inout [UInt8]) {
        guard calls[call].scanner.form == .other else { return }
        let input = Anthropic.input(from: calls[call].unwritten, repairs: &repairs)
        calls[call].unwritten = ""
        // The block began with an empty object.
        if !input.elementsEqual("{}".utf8) { appendDelta(String(decoding: input, as: UTF8.self), to: &output) }
    }
}

// MARK: - Events

extension Anthropic.BlockWriter {
    private mutating func begin(_ block: Open, to output: inout [UInt8]) {
        close(to: &output)
        let delta: (type: StaticString, field: StaticString)
        switch block {
        case .text:
            delta = ("text_delta", "text")
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
            let id = ids.id(for: calls[call].id, position: call, repairs: &repairs)
            let name = calls[call].name
            appendStart(to: &output) {
                $0.member("type", "tool_use")
                $0.member("id", id)
                $0.member("name", name)
                $0.member("input", [:])
            }
        }
        open = block
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
