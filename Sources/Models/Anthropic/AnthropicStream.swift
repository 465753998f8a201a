public import Base
internal import HTTP
internal import JSON

extension Anthropic {
    /// Reads the body of a streaming answer: server-sent events in, model events out. A pure state machine.
    public struct StreamDecoder: AnswerDecoder {
        /// A block of `tool_use` that has begun and not ended.
        private struct Call {
            /// Its position among the calls of the answer.
            let position: Int
            /// Whether its input stood in the block's start, whole.
            let isWhole: Bool
            var hasArguments: Bool
        }

        /// The results of a provider's own tools come in one event, so the bound is high; a stream as a whole is
        /// bounded by its transfer.
        private var events = SSEDecoder(maxLine: 8 << 20, maxEvent: 8 << 20)
        private var sawStop = false
        private var sawReason = false
        private var calls: [Int64: Call] = [:]
        private var callCount = 0
        private var counts = Counts()
        private var told: Usage?
        private let secrets: Secrets

        /// What `secrets` names never shows in an error.
        public init(secrets: Secrets = Secrets()) { self.secrets = secrets }

        /// Whether the provider said that the answer is over; what follows is not read.
        public var isDone: Bool { sawStop }

        /// Appends the events that the bytes complete. Those before a fault are appended before it is thrown.
        public mutating func feed(_ bytes: [UInt8], into output: inout [ModelEvent]) throws(CodedError) {
            guard !sawStop else { return }
            events.feed(bytes)
            while !sawStop {
                guard let event = try events.nextEvent() else { return }
                try read(event.data, into: &output)
            }
        }

        /// The body has ended. Throws when the answer had not.
        public mutating func finish(into output: inout [ModelEvent]) throws(CodedError) {
            if !sawStop, let event = try events.lastEvent() { try read(event.data, into: &output) }
            guard sawStop || sawReason else {
                throw CodedError(.providerStreamBroken, "The provider's stream ended before its answer did.")
            }
            tellUsage(into: &output)
        }

        private mutating func read(_ data: [UInt8], into output: inout [ModelEvent]) throws(CodedError) {
            let root: JSONNode
            do { root = try JSONDocument(data).root } catch {
                throw CodedError(
                    .providerInvalidAnswer, "The provider's stream holds an event that is \(error.message).")
            }
            // The event's name in the stream says the same; some servers leave it out.
            guard let type = root["type"], type.kind == .string else {
                if let error = Anthropic.errorObject(in: root) {
                    throw Anthropic.streamError(error, in: root, secrets: secrets)
                }
                throw CodedError(.providerInvalidAnswer, "The provider's stream holds an event without a type.")
            }
            let before = output.count
            if type.isString("content_block_delta") {
                readDelta(root, into: &output)
            } else if type.isString("content_block_start") {
                readStart(root, into: &output)
            } else if type.isString("content_block_stop") {
                readStop(root, into: &output)
            } else if type.isString("message_start") {
                counts.merge(root["message"]?["usage"])
            } else if type.isString("message_delta") {
                readEnd(root, into: &output)
            } else if type.isString("message_stop") {
                sawStop = true
                tellUsage(into: &output)
            } else if type.isString("error") {
                throw Anthropic.streamError(Anthropic.errorObject(in: root) ?? root, in: root, secrets: secrets)
            } else if type.isString(beginningWith: "response.") {
                throw .foreignFrame
            }
            if output.count == before { output.append(ModelEvent(.other)) }
            output[before].source = .frame(Frame(dialect: .anthropic, bytes: data))
            for index in (before + 1)..<max(output.count, before + 1) { output[index].source = .sameFrame }
        }
    }
}

extension Anthropic.StreamDecoder {
    /// Blocks without a number follow one another, so that one place serves them all.
    private static func index(_ root: JSONNode) -> Int64 { root["index"]?.int ?? -1 }

    private mutating func readStart(_ root: JSONNode, into output: inout [ModelEvent]) {
        let index = Self.index(root)
        calls[index] = nil
        guard let block = root["content_block"], let type = block["type"] else { return }
        if type.isString("text") {
            Self.append(block["text"], as: ModelEvent.Kind.text, to: &output)
        } else if type.isString("thinking") {
            Self.append(block["thinking"], as: ModelEvent.Kind.reasoning, to: &output)
            Self.append(block["signature"], as: ModelEvent.Kind.signature, to: &output)
        } else if type.isString("redacted_thinking") {
            Self.append(block["data"], as: ModelEvent.Kind.sealedReasoning, to: &output)
        } else if type.isString("tool_use") {
            // The provider itself leaves it empty here; others give it at once.
            let input = (block["input"]?.count ?? 0) > 0 ? OpenAI.arguments(block["input"]) : ""
            let call = Call(position: callCount, isWhole: !input.isEmpty, hasArguments: !input.isEmpty)
            calls[index] = call
            callCount += 1
            let delta = ToolCallDelta(
                index: call.position, id: block["id"]?.string ?? "", name: block["name"]?.string ?? "",
                arguments: input)
            output.append(ModelEvent(.toolCall(delta)))
        }
    }

    private mutating func readDelta(_ root: JSONNode, into output: inout [ModelEvent]) {
        guard let delta = root["delta"], let type = delta["type"] else { return }
        if type.isString("text_delta") {
            Self.append(delta["text"], as: ModelEvent.Kind.text, to: &output)
        } else if type.isString("thinking_delta") {
            Self.append(delta["thinking"], as: ModelEvent.Kind.reasoning, to: &output)
        } else if type.isString("signature_delta") {
            Self.append(delta["signature"], as: ModelEvent.Kind.signature, to: &output)
        } else if type.isString("input_json_delta") {
            // Inputs of the provider's own tools come in the same way, and are not for the caller to run.
            let index = Self.index(root)
            guard let call = calls[index], !call.isWhole, let piece = delta["partial_json"]?.string, !piece.isEmpty
            else { return }
            calls[index]?.hasArguments = true
            output.append(ModelEvent(.toolCall(ToolCallDelta(index: call.position, arguments: piece))))
        }
    }

    private mutating func readStop(_ root: JSONNode, into output: inout [ModelEvent]) {
        guard let call = calls.removeValue(forKey: Self.index(root)), !call.hasArguments else { return }
        // A call without input; no text at all would not be JSON.
        output.append(ModelEvent(.toolCall(ToolCallDelta(index: call.position, arguments: "{}"))))
    }

    private mutating func readEnd(_ root: JSONNode, into output: inout [ModelEvent]) {
        counts.merge(root["usage"])
        guard !sawReason, let reason = root["delta"]?["stop_reason"]?.string else { return }
        sawReason = true
        output.append(ModelEvent(.finish(Anthropic.finishReason(reason))))
        tellUsage(into: &output)
    }

    /// Once, unless later events told more.
    private mutating func tellUsage(into output: inout [ModelEvent]) {
        guard let usage = counts.usage, usage != told else { return }
        told = usage
        output.append(ModelEvent(.usage(usage)))
    }

    private static func append(
        _ node: JSONNode?, as kind: (String) -> ModelEvent.Kind, to output: inout [ModelEvent]
    ) {
        guard let text = node?.string, !text.isEmpty else { return }
        output.append(ModelEvent(kind(text)))
    }
}
