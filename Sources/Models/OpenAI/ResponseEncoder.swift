public import Base
internal import HTTP
internal import JSON

extension OpenAI {
    /// Writes model events as the server-sent events of `chat.completion.chunk`s. Frames that came in this dialect go
    /// through byte for byte but for `model` and for what clients would trip over; other events are built, after frames
    /// that went through as more of the same answer. A pure state machine.
    public struct StreamEncoder: Sendable {
        private let modelText: [UInt8]
        /// Every built chunk up to the bracket that opens its choices.
        private var chunkStart: [UInt8]
        private let includeUsage: Bool
        /// Choices of which something has been written: the chunk that names the role, or a frame of the provider's.
        private var begun: Set<Int> = []
        private var mender: AnswerMender
        private var usage: Usage?
        /// What the client has been told of it. What comes later and is the same, clients would add up with that.
        private var toldUsage: Usage?
        /// The last frame that went through, until something is built after it.
        private var lastFrame: [UInt8]?
        /// Whether the last frame went through, and with it all its events.
        private var passedFrame = false
        private var hasPassed = false

        public init(as identity: AnswerIdentity, includeUsage: Bool) {
            self.includeUsage = includeUsage
            modelText = JSON.string(identity.model).bytes
            mender = AnswerMender(answer: identity.id)
            chunkStart = Self.chunkStart(
                id: JSON.string(identity.id).bytes, created: JSON.int(identity.created).bytes, model: modelText)
        }

        /// Both as JSON text.
        private static func chunkStart(id: [UInt8], created: [UInt8], model: [UInt8]) -> [UInt8] {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("id", raw: id)
            writer.member("object", "chat.completion.chunk")
            writer.member("created", raw: created)
            writer.member("model", raw: model)
            writer.key("choices")
            writer.beginArray()
            return writer.bytes
        }

        /// What of the answer had to be mended so far.
        public var repairs: Repairs { mender.repairs }

        /// Appends what a client is to see of the event, which may be nothing.
        public mutating func encode(_ event: ModelEvent, into output: inout [UInt8]) {
            if case .usage(let usage) = event.kind { self.usage = usage }
            switch event.source {
            case .sameFrame where passedFrame:
                // Told with the last choice (Groq, Mistral, OpenRouter): a second time, clients would add the two up.
                if case .usage(let usage) = event.kind { toldUsage = usage } else { notePassed(event) }
            case .frame(let frame) where frame.dialect == .openai:
                if case .whole(let completion) = event.kind { return encode(completion, into: &output) }
                passedFrame = true
                if case .usage(let usage) = event.kind {
                    // A frame of its own, which we may have asked for on our own account.
                    guard includeUsage else { return }
                    toldUsage = usage
                }
                notePassed(event)
                lastFrame = frame.bytes
                let bytes = mender.chunk(frame.bytes)
                Self.append(JSONMembers.replacing("model", with: modelText, in: bytes), to: &output)
            case .frame, .built:
                passedFrame = false
                build(event, into: &output)
            case .sameFrame: build(event, into: &output)
            }
        }

        /// Ends the stream of an answer that is whole.
        public mutating func finish(into output: inout [UInt8]) {
            for (choice, reason) in mender.ends(of: begun, mayLackReason: !hasPassed) {
                write(choice: choice, finish: reason, into: &output) { _ in }
            }
            writeUsage(into: &output)
            Self.append([UInt8]("[DONE]".utf8), to: &output)
        }

        /// Ends the stream of an answer that failed: an error event, and no `[DONE]`. What was used by then is told.
        public mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
            writeUsage(into: &output)
            Self.append(OpenAI.encodeError(error), to: &output)
        }

        private mutating func writeUsage(into output: inout [UInt8]) {
            guard includeUsage, let usage, usage != toldUsage else { return }
            toldUsage = usage
            followFrames()
            var writer = JSONWriter(chunkStart)
            writer.endArray()
            writer.key("usage")
            OpenAI.write(usage, to: &writer)
            writer.endObject()
            Self.append(writer.bytes, to: &output)
        }

        private mutating func encode(_ completion: ChatCompletion, into output: inout [UInt8]) {
            for event in completion.events { encode(event, into: &output) }
        }

        /// Clients take chunks of another id for another answer, so what is built after frames has theirs.
        private mutating func followFrames() {
            guard let frame = lastFrame.take(), let id = JSONMembers.find("id", in: frame),
                let created = JSONMembers.find("created", in: frame), frame[id.value].count > 2
            else { return }
            chunkStart = Self.chunkStart(
                id: Array(frame[id.value]), created: Array(frame[created.value]), model: modelText)
        }

        private mutating func build(_ event: ModelEvent, into output: inout [UInt8]) {
            switch event.kind {
            // Signatures mean nothing but to the provider that gave them.
            case .usage, .signature, .sealedReasoning: return
            case .other: if event.isUnsaidEnd { mender.note(.streamEnd) }
            case .whole(let completion): return encode(completion, into: &output)
            case .finish(let reason):
                begin(event.choice, into: &output)
                guard let shown = mender.finish(reason, choice: event.choice) else { return }
                write(choice: event.choice, finish: shown, into: &output) { _ in }
            case .text(let text):
                begin(event.choice, into: &output)
                write(choice: event.choice, logprobs: event.logprobs, into: &output) { $0.member("content", text) }
            case .reasoning(let text):
                begin(event.choice, into: &output)
                write(choice: event.choice, into: &output) { $0.member("reasoning_content", text) }
            case .refusal(let text):
                begin(event.choice, into: &output)
                write(choice: event.choice, into: &output) { $0.member("refusal", text) }
            case .toolCall(let delta):
                guard let delta = mender.add(delta, choice: event.choice) else { return }
                begin(event.choice, into: &output)
                write(choice: event.choice, into: &output) { Self.write(delta, to: &$0) }
            }
        }

        private mutating func notePassed(_ event: ModelEvent) {
            switch event.kind {
            case .other, .usage: return
            default:
                hasPassed = true
                if begun.count < AnswerMender.maxChoices { begun.insert(event.choice) }
            }
        }

        private mutating func begin(_ choice: Int, into output: inout [UInt8]) {
            guard begun.insert(choice).inserted else { return }
            write(choice: choice, into: &output) {
                $0.member("role", "assistant")
                $0.member("content", "")
            }
        }

        private mutating func write(
            choice: Int, logprobs: [TokenLogprob] = [], finish: FinishReason? = nil, into output: inout [UInt8],
            delta: (inout JSONWriter) -> Void
        ) {
            followFrames()
            var writer = JSONWriter(chunkStart)
            writer.beginObject()
            writer.member("index", choice)
            writer.key("delta")
            writer.beginObject()
            delta(&writer)
            writer.endObject()
            writer.key("logprobs")
            OpenAI.write(logprobs, to: &writer)
            writer.member("finish_reason", orNull: finish?.name)
            writer.endObject()
            writer.endArray()
            if includeUsage { writer.member("usage", JSON.null) }
            writer.endObject()
            Self.append(writer.bytes, to: &output)
        }

        private static func write(_ delta: ToolCallDelta, to writer: inout JSONWriter) {
            writer.key("tool_calls")
            writer.beginArray()
            writer.beginObject()
            writer.member("index", delta.index)
            writer.member("id", ifPresent: delta.id)
            if delta.id != nil { writer.member("type", "function") }
            writer.key("function")
            writer.beginObject()
            writer.member("name", ifPresent: delta.name)
            writer.member("arguments", delta.arguments)
            writer.endObject()
            writer.endObject()
            writer.endArray()
        }

        private static func append(_ data: [UInt8], to output: inout [UInt8]) {
            // Only an event's name or id can be refused, and there is neither.
            try? SSEEncoder.append(data: data, to: &output)
        }
    }
}
