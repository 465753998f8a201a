public import Base
internal import HTTP
internal import JSON

extension OpenAI {
    /// Reads the body of a streaming answer: server-sent events in, model events out. A pure state machine.
    public struct StreamDecoder: AnswerDecoder {
        /// Pictures come in one event, so the bound is high; a stream as a whole is bounded by its transfer.
        private var events = SSEDecoder(maxLine: 8 << 20, maxEvent: 8 << 20)
        private var sawDone = false
        /// Of which answers something has come, and which have said why they ended: a bit each, by their index.
        private var begun: UInt64 = 0
        private var ended: UInt64 = 0
        /// The class of service, which need not stand beside the usage.
        private var tier: String?
        private let secrets: Secrets

        /// What `secrets` names never shows in an error.
        public init(secrets: Secrets = Secrets()) { self.secrets = secrets }

        /// Whether the provider said that the answer is over; what follows is not read.
        public var isDone: Bool { sawDone }

        /// Appends the events that the bytes complete. Those before a fault are appended before it is thrown.
        public mutating func feed(_ bytes: [UInt8], into output: inout [ModelEvent]) throws(CodedError) {
            guard !sawDone else { return }
            events.feed(bytes)
            while !sawDone {
                guard let event = try events.nextEvent() else { return }
                try read(event, into: &output)
            }
        }

        /// The body has ended. Throws when the answer had not. A server that says of no answer why it ended may leave it
        /// at `[DONE]`; one that says so of some has broken off in the others.
        public mutating func finish(into output: inout [ModelEvent]) throws(CodedError) {
            if !sawDone, let event = try events.lastEvent() { try read(event, into: &output) }
            guard isWhole else { throw Self.broken }
            if !sawDone { output.append(.unsaidEnd) }
        }

        private var isWhole: Bool { ended == 0 ? sawDone : begun & ~ended == 0 }

        private static var broken: CodedError {
            CodedError(.providerStreamBroken, "The provider's stream ended before its answer did.")
        }

        private mutating func read(_ event: SSEEvent, into output: inout [ModelEvent]) throws(CodedError) {
            if event.data.elementsEqual("[DONE]".utf8) {
                sawDone = true
                if !isWhole { throw Self.broken }
                return
            }
            let root: JSONNode
            do { root = try JSONDocument(event.data).root } catch {
                throw CodedError(
                    .providerInvalidAnswer, "The provider's stream holds an event that is \(error.message).")
            }
            guard root.kind == .object else {
                throw CodedError(.providerInvalidAnswer, "The provider's stream holds an event that is no JSON object.")
            }
            if let told = root["service_tier"]?.string { tier = told }
            let usage = OpenAI.usage(root["usage"], in: root, tier: tier)
            if let error = OpenAI.errorObject(in: root) ?? (event.event == "error" ? root : nil) {
                // What has been used is to be paid for, answer or not.
                if let usage { output.append(ModelEvent(.usage(usage))) }
                throw OpenAI.streamError(error, secrets: secrets)
            }
            let before = output.count
            for choice in root.elements(of: "choices") { read(choice, into: &output) }
            if let usage {
                // Alone in its frame only when there are no choices; a client that did not ask then does without it.
                if output.count == before, root["choices"]?.count ?? 0 > 0 { output.append(ModelEvent(.other)) }
                output.append(ModelEvent(.usage(usage)))
            }
            if output.count == before {
                if OpenAI.isForeignFrame(root) { throw .foreignFrame }
                output.append(ModelEvent(.other))
            }
            output[before].source = .frame(Frame(dialect: .openai, bytes: event.data))
            for index in (before + 1)..<max(output.count, before + 1) { output[index].source = .sameFrame }
            // Groq says it only there where nobody has asked, and clients do not look there.
            if usage == nil, let usage = OpenAI.usage(root["x_groq"]?["usage"], in: root, tier: tier) {
                output.append(ModelEvent(.usage(usage)))
            }
        }

        private mutating func read(_ choice: JSONNode, into output: inout [ModelEvent]) {
            let index = choice["index"]?.int.flatMap { Int(exactly: $0) } ?? 0
            let logprobs = OpenAI.logprobs(choice["logprobs"])
            let before = output.count
            if let delta = choice["delta"] { OpenAI.readParts(of: delta, choice: index, into: &output) }
            if !logprobs.isEmpty {
                let text = output[before...].firstIndex { if case .text = $0.kind { true } else { false } }
                if let text {
                    output[text].logprobs = logprobs
                } else {
                    output.append(ModelEvent(.text(""), choice: index, logprobs: logprobs))
                }
            }
            // No more than a few are ever asked for; those beyond share the last bit.
            let bit: UInt64 = 1 << UInt64(min(max(0, index), 63))
            if output.count > before { begun |= bit }
            // Some servers say it empty with every piece.
            if let reason = choice["finish_reason"]?.string, !reason.isEmpty {
                ended |= bit
                output.append(ModelEvent(.finish(FinishReason(reason)), choice: index))
            }
        }
    }

    /// Whether a frame of which nothing was read is one of Anthropic's or of Responses'. A ping keeps any stream alive.
    private static func isForeignFrame(_ root: JSONNode) -> Bool {
        guard root["choices"]?.kind != .array, let type = root["type"] else { return false }
        return type.isString("error")
            || type.isString(beginningWith: "response.", "message_", "content_block_")
    }

    /// The pieces of a `delta`, without sources.
    static func readParts(of delta: JSONNode, choice: Int, into output: inout [ModelEvent]) {
        // DeepSeek and vLLM say reasoning_content, Groq and OpenRouter say reasoning.
        if let text = delta["reasoning_content"]?.string ?? delta["reasoning"]?.string, !text.isEmpty {
            output.append(ModelEvent(.reasoning(text), choice: choice))
        }
        if let content = delta["content"] {
            if let text = content.string {
                if !text.isEmpty { output.append(ModelEvent(.text(text), choice: choice)) }
            } else {
                readPieces(content, choice: choice, into: &output)
            }
        }
        if let text = delta["refusal"]?.string, !text.isEmpty {
            output.append(ModelEvent(.refusal(text), choice: choice))
        }
        for (position, call) in delta.elements(of: "tool_calls").enumerated() {
            output.append(ModelEvent(.toolCall(callDelta(call, position: position)), choice: choice))
        }
    }

    /// A call without an index has its position in its list for one.
    static func callDelta(_ call: JSONNode, position: Int) -> ToolCallDelta {
        let function = call["function"]
        return ToolCallDelta(
            index: call["index"]?.int.flatMap { Int(exactly: $0) } ?? position, id: call["id"]?.string,
            name: function?["name"]?.string, arguments: arguments(function?["arguments"]))
    }

    /// Mistral gives content as an array of text and thinking pieces.
    static func readPieces(_ content: JSONNode, choice: Int, into output: inout [ModelEvent]) {
        for piece in content.elements {
            if let text = piece["text"]?.string {
                if !text.isEmpty { output.append(ModelEvent(.text(text), choice: choice)) }
                continue
            }
            for thought in piece.elements(of: "thinking") {
                if let text = thought["text"]?.string, !text.isEmpty {
                    output.append(ModelEvent(.reasoning(text), choice: choice))
                }
            }
        }
    }

    /// Arguments are JSON text; a few servers write the object itself.
    static func arguments(_ node: JSONNode?) -> String {
        guard let node, !node.isNull else { return "" }
        if let text = node.string { return text }
        var writer = JSONWriter()
        writer.value(node)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    static func logprobs(_ node: JSONNode?) -> [TokenLogprob] {
        guard let content = node?["content"], content.kind == .array else { return [] }
        return content.elements.map { entry in
            TokenLogprob(
                candidate(entry), top: entry.elements(of: "top_logprobs").map(candidate))
        }
    }

    private static func candidate(_ node: JSONNode) -> TokenLogprob.Candidate {
        let bytes = node["bytes"].flatMap { list -> [UInt8]? in
            list.kind == .array ? list.elements.map { UInt8(clamping: $0.int ?? 0) } : nil
        }
        return TokenLogprob.Candidate(
            token: node["token"]?.string ?? "", logprob: node["logprob"]?.double ?? 0, bytes: bytes)
    }
}

extension ModelEvent {
    /// Comes last where a stream ended without saying so, after an answer that was whole.
    static let unsaidEnd = ModelEvent(.other)

    /// No frame, and nothing to read.
    var isUnsaidEnd: Bool {
        if case .other = kind, case .built = source { true } else { false }
    }
}
