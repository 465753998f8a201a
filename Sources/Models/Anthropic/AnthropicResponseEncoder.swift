public import Base
internal import HTTP
internal import JSON

extension Anthropic {
    /// Writes model events as the server-sent events of one message. Frames that came in this dialect go through byte
    /// for byte but for `model`; other events are built. An answer goes through or is built, whichever its first event
    /// is. One that goes through may be gone on with by another provider: what is built then takes up the open block.
    /// A pure state machine.
    public struct StreamEncoder: Sendable {
        private enum Way: Sendable {
            case passing, building
        }

        /// What has gone through.
        private struct Passed: Sendable {
            /// Whether the provider has said how the message ends, and that it is over.
            var sawReason = false
            var sawStop = false
            /// The block that has begun and not ended.
            var open: (index: Int, isText: Bool)?
            var nextIndex = 0
        }

        private let identity: AnswerIdentity
        private let requestID: String?
        private let modelText: [UInt8]
        private var way: Way?
        private var passed = Passed()
        private var blocks: BlockWriter
        private var usage: Usage?
        private var reason: FinishReason?
        private var isOver = false
        private var ownRepairs = Repairs()

        /// `requestID` is shown with an error.
        public init(as identity: AnswerIdentity, requestID: String? = nil) {
            self.identity = identity
            self.requestID = requestID
            modelText = JSON.string(identity.model).bytes
            blocks = BlockWriter(answer: identity.id)
        }

        /// What of the answer had to be mended so far.
        public var repairs: Repairs {
            var all = blocks.repairs
            all += ownRepairs
            return all
        }

        /// Appends what a client is to see of the event, which may be nothing.
        public mutating func encode(_ event: ModelEvent, into output: inout [UInt8]) {
            guard !isOver else { return }
            if case .frame(let frame) = event.source, frame.dialect == .anthropic, mayPass(event) {
                return pass(event.kind, frame.bytes, to: &output)
            }
            if way == .passing, !goesOn(with: event, to: &output) { return }
            build(event, to: &output)
        }

        /// Ends the stream of an answer that is whole. Usage and reason are known now, whatever came last.
        public mutating func finish(into output: inout [UInt8]) {
            guard !isOver else { return }
            isOver = true
            if way == .passing {
                if !passed.sawStop { appendEvent("message_stop", to: &output) { _ in } }
                return
            }
            begin(to: &output)
            blocks.finish(isCut: reason?.common == .length, to: &output)
            appendMessageDelta(to: &output)
            appendEvent("message_stop", to: &output) { _ in }
        }

        /// Ends the stream of an answer that failed: an error event after what was shown, and nothing more.
        public mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
            guard !isOver else { return }
            isOver = true
            appendEvent("error", to: &output) { Anthropic.writeError(error, requestID: requestID, to: &$0) }
        }
    }
}

extension Anthropic.StreamEncoder {
    private func mayPass(_ event: ModelEvent) -> Bool {
        if way == .building { return false }
        // A body is no event.
        if case .whole = event.kind { return false }
        return true
    }

    private mutating func pass(_ kind: ModelEvent.Kind, _ bytes: [UInt8], to output: inout [UInt8]) {
        let type = JSONMembers.find("type", in: bytes).map {
            String(decoding: bytes[$0.value].dropFirst().dropLast(), as: UTF8.self)
        }
        way = .passing
        if case .finish = kind { passed.sawReason = true }
        passed.sawStop = type == "message_stop"
        if type == "content_block_start" {
            begin(bytes)
        } else if type == "content_block_stop" {
            passed.open = nil
        }
        let data = type == "message_start" ? renamed(bytes) : bytes
        // Only a name with a line end can be refused, and a JSON string holds none.
        try? SSEEncoder.append(event: type, data: data, to: &output)
    }

    private mutating func begin(_ frame: [UInt8]) {
        let number = JSONMembers.find("index", in: frame).flatMap {
            Int(String(decoding: frame[$0.value], as: UTF8.self))
        }
        // Blocks without a number follow one another.
        let index = number.flatMap { (0..<Int(Int32.max)).contains($0) ? $0 : nil } ?? passed.nextIndex
        var isText = false
        if let block = JSONMembers.find("content_block", in: frame) {
            let bytes = Array(frame[block.value])
            isText = JSONMembers.find("type", in: bytes).map { bytes[$0.value].elementsEqual("\"text\"".utf8) } ?? false
        }
        passed.open = (index, isText)
        passed.nextIndex = max(passed.nextIndex, index + 1)
    }

    /// Whether another provider goes on with what went through, and this is to be built.
    private mutating func goesOn(with event: ModelEvent, to output: inout [UInt8]) -> Bool {
        guard case .built = event.source, !passed.sawReason, !passed.sawStop else { return false }
        switch event.kind {
        case .whole, .other: return false
        case .usage(let usage):
            // It may also be the last word of the one provider.
            self.usage = usage
            return false
        default: break
        }
        way = .building
        blocks.goOn(after: passed.open, next: passed.nextIndex, to: &output)
        return true
    }

    /// The one frame that names the model, within its message.
    private func renamed(_ bytes: [UInt8]) -> [UInt8] {
        guard let message = JSONMembers.find("message", in: bytes) else { return bytes }
        let renamed = JSONMembers.replacing("model", with: modelText, in: Array(bytes[message.value]))
        return JSONMembers.replacing("message", with: renamed, in: bytes)
    }

    private mutating func build(_ event: ModelEvent, to output: inout [UInt8]) {
        switch event.kind {
        case .usage(let usage):
            self.usage = usage
            begin(to: &output)
        case .whole(let completion):
            usage = completion.usage
            begin(to: &output)
            for event in completion.events { build(event, to: &output) }
        case .finish(let reason):
            guard event.choice == 0 else { return }
            begin(to: &output)
            if self.reason == nil { self.reason = reason } else { ownRepairs.note(.finishReason) }
        case .other where event.isUnsaidEnd: ownRepairs.note(.streamEnd)
        default:
            // The dialect asks for one answer and shows one.
            guard event.choice == 0 else { return }
            begin(to: &output)
            blocks.add(event.kind, to: &output)
        }
    }

    private mutating func begin(to output: inout [UInt8]) {
        guard way == nil else { return }
        way = .building
        Anthropic.appendEvent("message_start", to: &output) {
            $0.key("message")
            $0.beginObject()
            $0.member("id", identity.id)
            $0.member("type", "message")
            $0.member("role", "assistant")
            $0.member("model", raw: modelText)
            $0.member("content", [])
            $0.member("stop_reason", JSON.null)
            $0.member("stop_sequence", JSON.null)
            $0.key("usage")
            Anthropic.write(usage, outputTokens: 0, to: &$0)
            $0.endObject()
        }
    }

    private mutating func appendMessageDelta(to output: inout [UInt8]) {
        let reason = Anthropic.stopReason(reason, hasCalls: blocks.hasCalls, repairs: &ownRepairs)
        Anthropic.appendEvent("message_delta", to: &output) {
            $0.member("delta", ["stop_reason": .string(reason), "stop_sequence": .null])
            $0.key("usage")
            Anthropic.write(usage, to: &$0)
        }
    }
}
