public import Base
internal import HTTP
internal import JSON

extension Responses {
    /// Reads the body of a streaming answer: server-sent events in, model events out. A pure state machine.
    public struct StreamDecoder: AnswerDecoder {
        /// Pictures come in one event, and the last one holds the whole answer, so the bound is high; a stream as a
        /// whole is bounded by its transfer.
        private var events = SSEDecoder(maxLine: 8 << 20, maxEvent: 8 << 20)
        private var sawEnd = false
        private var answer = OutputReader()
        private let secrets: Secrets

        /// What `secrets` names never shows in an error.
        public init(secrets: Secrets = Secrets()) { self.secrets = secrets }

        /// Whether the provider said that the answer is over; what follows is not read.
        public var isDone: Bool { sawEnd }

        /// Appends the events that the bytes complete. Those before a fault are appended before it is thrown.
        public mutating func feed(_ bytes: [UInt8], into output: inout [ModelEvent]) throws(CodedError) {
            guard !sawEnd else { return }
            events.feed(bytes)
            while !sawEnd {
                guard let event = try events.nextEvent() else { return }
                try read(event.data, into: &output)
            }
        }

        /// The body has ended. Throws when the answer had not.
        public mutating func finish(into output: inout [ModelEvent]) throws(CodedError) {
            if !sawEnd, let event = try events.lastEvent() { try read(event.data, into: &output) }
            guard sawEnd else { throw Self.broken }
        }

        private static let broken = CodedError(
            .providerStreamBroken, "The provider's stream ended before its answer did.")

        private mutating func read(_ data: [UInt8], into output: inout [ModelEvent]) throws(CodedError) {
            // Gateways write it after the last event, which is read no more; here it comes too early.
            if data.elementsEqual("[DONE]".utf8) { throw Self.broken }
            let root: JSONNode
            do { root = try JSONDocument(data).root } catch {
                throw CodedError(
                    .providerInvalidAnswer, "The provider's stream holds an event that is \(error.message).")
            }
            // The event's name in the stream says the same; some servers leave it out.
            guard let type = root["type"], type.kind == .string else {
                if let error = OpenAI.errorObject(in: root) {
                    throw Responses.streamError(error, secrets: secrets)
                }
                throw CodedError(.providerInvalidAnswer, "The provider's stream holds an event without a type.")
            }
            let before = output.count
            if type.isString("response.completed") || type.isString("response.incomplete") {
                try readEnd(root["response"], isIncomplete: type.isString("response.incomplete"), into: &output)
            } else if type.isString("response.failed") {
                throw failed(root["response"], root: root, into: &output)
            } else if type.isString("error") {
                throw Responses.streamError(OpenAI.errorObject(in: root) ?? root, secrets: secrets)
            } else {
                answer.read(root, type: type, into: &output)
            }
            if output.count == before {
                if type.isString(beginningWith: "message_", "content_block_") { throw .foreignFrame }
                output.append(ModelEvent(.other))
            }
            output[before].source = .frame(Frame(dialect: .responses, bytes: data))
            for index in (before + 1)..<max(output.count, before + 1) { output[index].source = .sameFrame }
        }

        /// The last event repeats the whole answer: what no other told is taken from it.
        private mutating func readEnd(
            _ response: JSONNode?, isIncomplete: Bool, into output: inout [ModelEvent]
        ) throws(CodedError) {
            if let response, Responses.failure(of: response) != nil {
                throw failed(response, root: response, into: &output)
            }
            sawEnd = true
            if let response { answer.readAll(of: response, into: &output) }
            answer.closeCalls(into: &output)
            // Some servers give an answer that was cut short the usual end, and its status alone tells.
            let isCut = isIncomplete || response?["status"]?.isString("incomplete") == true
            let reason = Responses.finishReason(
                of: response, status: isCut ? "incomplete" : "completed", hasCalls: answer.hasCalls)
            output.append(ModelEvent(.finish(reason)))
            if let usage = Responses.usage(of: response) { output.append(ModelEvent(.usage(usage))) }
        }

        /// What has been used is to be paid for, answer or not.
        private func failed(_ response: JSONNode?, root: JSONNode, into output: inout [ModelEvent]) -> CodedError {
            if let usage = Responses.usage(of: response) { output.append(ModelEvent(.usage(usage))) }
            let object = response.flatMap { OpenAI.errorObject(in: $0) } ?? OpenAI.errorObject(in: root) ?? root
            return Responses.streamError(object, secrets: secrets)
        }
    }
}
