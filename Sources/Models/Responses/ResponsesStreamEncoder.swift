public import Base
internal import HTTP
internal import JSON

extension Responses {
    /// Writes model events as the server-sent events of one response. Frames that came in this dialect go through byte
    /// for byte but for `model`; other events are built. An answer goes through or is built, whichever its first event
    /// is. One that goes through may be gone on with by another provider: what is built then takes up the open message.
    /// A pure state machine.
    public struct StreamEncoder: Sendable {
        private enum Way: Sendable {
            case passing, building
        }

        private let identity: AnswerIdentity
        private let echo: Echo
        private let modelText: [UInt8]
        /// Of a built answer.
        private var response: Response?
        private var way: Way?
        private var passed = Passed()
        private var items: ItemWriter
        /// Of the provider that has gone on, where one has.
        private var usage: Usage?
        private var reason: FinishReason?
        private var isOver = false
        private var ownRepairs = Repairs()

        public init(as identity: AnswerIdentity, echo: Echo) {
            self.identity = identity
            self.echo = echo
            modelText = JSON.string(identity.model).bytes
            items = ItemWriter(answer: identity.id)
        }

        /// What of the answer had to be mended so far.
        public var repairs: Repairs {
            var all = items.repairs
            all += ownRepairs
            return all
        }

        /// Appends what a client is to see of the event, which may be nothing.
        public mutating func encode(_ event: ModelEvent, into output: inout [UInt8]) {
            guard !isOver else { return }
            if case .frame(let frame) = event.source, frame.dialect == .responses, mayPass(event) {
                return pass(event.kind, frame.bytes, to: &output)
            }
            if way == .passing, !goesOn(with: event, to: &output) { return }
            build(event, to: &output)
        }

        /// Ends the stream of an answer that is whole. Usage and reason are known now, whatever came last.
        public mutating func finish(into output: inout [UInt8]) {
            guard !isOver else { return }
            if way == .passing {
                if passed.sawEnd {
                    isOver = true
                } else {
                    // Without the response that ends a stream, clients have no answer.
                    fail(
                        CodedError(.providerStreamBroken, "The provider's stream ended before its answer did."),
                        into: &output)
                }
                return
            }
            begin(to: &output)
            isOver = true
            let ending = Ending(reason)
            items.finish(ending.itemStatus, to: &output)
            let type: StaticString = if case .whole = ending { "response.completed" } else { "response.incomplete" }
            append(type, ending.status, ending, items.items, usage, to: &output)
        }

        /// Ends the stream of an answer that failed: an error event after what was shown, and nothing more.
        public mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
            guard !isOver else { return }
            if way == .passing {
                isOver = true
                if passed.sawEnd { return }
                items.events = EventCounter(next: passed.nextNumber)
            } else {
                // Clients want every stream to begin alike.
                begin(to: &output)
                isOver = true
            }
            items.events.append("error", to: &output) {
                $0.member("code", error.code.name)
                $0.member("message", error.message)
                $0.member("param", orNull: error.param)
            }
        }
    }

    /// Writes events whose data is an object, and numbers them.
    struct EventCounter: Sendable {
        private var next: Int

        init(next: Int = 0) { self.next = next }

        /// An event up to the first member after its type.
        static func begin(_ type: StaticString) -> JSONWriter {
            var writer = JSONWriter(Array("event: \(type)\ndata: ".utf8))
            writer.beginObject()
            writer.member("type", "\(type)")
            return writer
        }

        mutating func append(
            _ type: StaticString, to output: inout [UInt8], members: (inout JSONWriter) -> Void
        ) {
            var writer = Self.begin(type)
            members(&writer)
            output += writer.bytes
            end(&output)
        }

        /// Ends an event that is written but for its number.
        mutating func end(_ output: inout [UInt8]) {
            output += #","sequence_number":"#.utf8
            output += String(next).utf8
            output += "}\n\n".utf8
            next &+= 1
        }
    }
}

// MARK: - What goes through

extension Responses.StreamEncoder {
    private func mayPass(_ event: ModelEvent) -> Bool {
        if way == .building { return false }
        // A body is no event.
        if case .whole = event.kind { return false }
        return true
    }

    private mutating func pass(_ kind: ModelEvent.Kind, _ bytes: [UInt8], to output: inout [UInt8]) {
        if passed.sawEnd { return }
        way = .passing
        let name = JSONMembers.find("type", in: bytes).map { bytes[$0.value].dropFirst().dropLast() } ?? []
        let type = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        passed.note(kind, type: type, bytes)
        var data = bytes
        // Deltas, which nearly all events are, hold no response.
        if !name.suffix(6).elementsEqual(".delta".utf8) {
            data = renamed(bytes)
        }
        // Only a name with a line end can be refused, and a JSON string holds none.
        try? SSEEncoder.append(event: type, data: data, to: &output)
    }

    /// Whether another provider goes on with what went through, and this is to be built.
    private mutating func goesOn(with event: ModelEvent, to output: inout [UInt8]) -> Bool {
        guard case .built = event.source, !passed.sawEnd else { return false }
        switch event.kind {
        case .whole, .other: return false
        case .usage(let usage):
            // What the one provider has used comes so when it fails.
            self.usage = usage
            return false
        default: break
        }
        way = .building
        response = Responses.Response(identity: identity, echo: echo, begun: passed.response)
        items.goOn(after: passed, to: &output)
        return true
    }

    /// The model stands in the response that some events hold.
    private func renamed(_ bytes: [UInt8]) -> [UInt8] {
        guard let response = JSONMembers.find("response", in: bytes) else { return bytes }
        let renamed = JSONMembers.replacing("model", with: modelText, in: Array(bytes[response.value]))
        return JSONMembers.replacing("response", with: renamed, in: bytes)
    }
}

// MARK: - What is built

extension Responses.StreamEncoder {
    private mutating func build(_ event: ModelEvent, to output: inout [UInt8]) {
        switch event.kind {
        case .usage(let usage):
            self.usage = usage
            begin(to: &output)
        case .whole(let completion):
            begin(to: &output)
            usage = completion.usage
            let choice = completion.choices.first { $0.index == 0 } ?? completion.choices.first
            guard var choice else { return }
            choice.index = 0
            for event in ChatCompletion(choices: [choice]).events { build(event, to: &output) }
        case .finish(let reason):
            guard event.choice == 0 else { return }
            begin(to: &output)
            if self.reason == nil { self.reason = reason } else { ownRepairs.note(.finishReason) }
        default:
            // The dialect asks for one answer and shows one.
            guard event.choice == 0 else { return }
            begin(to: &output)
            items.add(event, to: &output)
        }
    }

    private mutating func begin(to output: inout [UInt8]) {
        guard way == nil else { return }
        way = .building
        response = Responses.Response(identity: identity, echo: echo)
        for type: StaticString in ["response.created", "response.in_progress"] {
            append(type, "in_progress", .whole, [], nil, to: &output)
        }
    }

    private mutating func append(
        _ type: StaticString, _ status: StaticString, _ ending: Responses.Ending, _ output: [Responses.Item],
        _ usage: Usage?, to bytes: inout [UInt8]
    ) {
        items.events.append(type, to: &bytes) {
            $0.key("response")
            response?.write(status, ending, output, usage, to: &$0)
        }
    }
}
