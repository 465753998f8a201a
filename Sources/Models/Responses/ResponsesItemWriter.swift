internal import JSON

extension Responses {
    /// Writes the items of a built answer's output as they come about, one after the other, and keeps them for the
    /// response that ends the stream.
    struct ItemWriter: Sendable {
        private enum Open: Sendable, Equatable {
            case text, refusal, reasoning
            /// A position among the calls.
            case call(Int)

            var isMessage: Bool { self == .text || self == .refusal }
        }

        var events = EventCounter()
        /// Those that are over.
        private(set) var items: [Item] = []
        private let answer: String
        private var open: Open?
        /// The open item as far as its parts are over.
        private var item: Item?
        /// What has come of the open part.
        private var text = ""
        private var logprobs: [TokenLogprob] = []
        /// Every delta of the open part up to its text.
        private var deltaStart: [UInt8] = []
        private var sequence = CallSequence()
        private var ids: CallIDs
        private var ownRepairs = Repairs()

        init(answer: String) {
            self.answer = answer
            ids = CallIDs(answer: answer, form: .openai)
        }

        var repairs: Repairs {
            var all = sequence.repairs
            all += ownRepairs
            return all
        }

        /// Goes on after what a provider has said itself; takes up the open message, and its open text.
        mutating func goOn(after passed: Passed, to output: inout [UInt8]) {
            events = EventCounter(next: passed.nextNumber)
            items = passed.closedItems.map { Item(.passed($0), id: "") }
            guard let message = passed.openMessage else { return }
            item = Item(.message(passed.parts.map { .passed($0) }), id: message)
            item?.status = .inProgress
            guard let begun = passed.text else { return }
            (open, text) = (.text, begun)
            beginDeltas("response.output_text.delta")
            if passed.isTextTold { closePart(isTold: true, to: &output) }
        }

        mutating func add(_ event: ModelEvent, to output: inout [UInt8]) {
            switch event.kind {
            case .text(let text):
                if !text.isEmpty || !event.logprobs.isEmpty { put(.text(text, event.logprobs), to: &output) }
            case .refusal(let text):
                if !text.isEmpty { put(.refusal(text), to: &output) }
            case .reasoning(let text):
                if !text.isEmpty { put(.reasoning(text), to: &output) }
            case .signature(let signature): put(.signature(signature), to: &output)
            case .toolCall(let delta):
                guard let call = sequence.add(delta) else { return }
                if open == .call(call) { showArguments(of: call, to: &output) }
                release(all: false, to: &output)
            // Only its provider can read it.
            case .sealedReasoning, .finish, .usage, .other, .whole: break
            }
        }

        /// Shows what still waits and ends the last item, which then has this status.
        mutating func finish(_ status: Item.Status, to output: inout [UInt8]) {
            release(all: true, to: &output)
            close(status, to: &output)
            sequence.settle(isCut: status == .incomplete)
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
            case .text(let text, let logprobs):
                if open != .text { begin(.text, to: &output) }
                self.logprobs += logprobs
                appendDelta(text, logprobs, to: &output)
            case .refusal(let text):
                if open != .refusal { begin(.refusal, to: &output) }
                appendDelta(text, to: &output)
            case .reasoning(let text):
                if open != .reasoning { begin(.reasoning, to: &output) }
                appendDelta(text, to: &output)
            // It means nothing but to its provider; what it ends is a thought of its own.
            case .signature: if open == .reasoning { close(.completed, to: &output) }
            case .sealed: break
            case .call(let call):
                begin(.call(call), to: &output)
                showArguments(of: call, to: &output)
            }
        }

        /// White space alone may still turn out to be no arguments.
        private mutating func showArguments(of call: Int, to output: inout [UInt8]) {
            guard sequence.calls[call].scanner.form != .blank else { return }
            let arguments = sequence.takeArguments(of: call)
            if !arguments.isEmpty { appendDelta(arguments, to: &output) }
        }
    }
}

// MARK: - Items and parts

extension Responses.ItemWriter {
    private mutating func begin(_ part: Open, to output: inout [UInt8]) {
        // A text and a refusal are parts of one message.
        if part.isMessage, case .message? = item?.kind {
            closePart(to: &output)
        } else {
            close(.completed, to: &output)
            beginItem(part, to: &output)
        }
        open = part
        beginPart(part, to: &output)
    }

    private mutating func beginItem(_ part: Open, to output: inout [UInt8]) {
        let kind: Responses.Item.Kind
        switch part {
        case .text, .refusal: kind = .message([])
        case .reasoning: kind = .reasoning([])
        case .call(let call):
            sequence.begin(call)
            let id = ids.id(for: sequence.calls[call].id, position: call, repairs: &ownRepairs)
            kind = .call(id: id, name: sequence.calls[call].name, arguments: "")
        }
        var item = Responses.Item(kind, answer: answer, position: items.count)
        item.status = .inProgress
        self.item = item
        append("response.output_item.added", item, to: &output)
    }

    private mutating func beginPart(_ part: Open, to output: inout [UInt8]) {
        let delta: StaticString
        switch part {
        case .text:
            delta = "response.output_text.delta"
            appendInPlace("response.content_part.added", to: &output) { $0.part(.text("", [])) }
        case .refusal:
            delta = "response.refusal.delta"
            appendInPlace("response.content_part.added", to: &output) { $0.part(.refusal("")) }
        case .reasoning:
            delta = "response.reasoning_summary_text.delta"
            appendInPlace("response.reasoning_summary_part.added", to: &output) { $0.summary("") }
        case .call: delta = "response.function_call_arguments.delta"
        }
        beginDeltas(delta)
    }

    private mutating func beginDeltas(_ delta: StaticString) {
        var writer = Responses.EventCounter.begin(delta)
        writePlace(to: &writer)
        writer.key("delta")
        deltaStart = writer.bytes
    }

    private mutating func close(_ status: Responses.Item.Status, to output: inout [UInt8]) {
        closePart(to: &output)
        sequence.end()
        guard var done = item else { return }
        done.status = status
        item = nil
        items.append(done)
        append("response.output_item.done", done, position: items.count - 1, to: &output)
    }

    /// Tells the open part once more, whole, and puts it to its item. `isTold`: the text has been told whole already.
    private mutating func closePart(isTold: Bool = false, to output: inout [UInt8]) {
        guard let part = open else { return }
        if case .call(let call) = part { settleArguments(of: call, to: &output) }
        let (whole, logprobs) = (text, self.logprobs)
        (open, text, self.logprobs) = (nil, "", [])
        switch part {
        case .text:
            if !isTold {
                appendInPlace("response.output_text.done", to: &output) {
                    $0.member("text", whole)
                    $0.key("logprobs")
                    Responses.write(logprobs, to: &$0)
                }
            }
            appendInPlace("response.content_part.done", to: &output) { $0.part(.text(whole, logprobs)) }
            add(.text(whole, logprobs))
        case .refusal:
            appendInPlace("response.refusal.done", to: &output) { $0.member("refusal", whole) }
            appendInPlace("response.content_part.done", to: &output) { $0.part(.refusal(whole)) }
            add(.refusal(whole))
        case .reasoning:
            appendInPlace("response.reasoning_summary_text.done", to: &output) { $0.member("text", whole) }
            appendInPlace("response.reasoning_summary_part.done", to: &output) { $0.summary(whole) }
            item?.kind = .reasoning([whole])
        case .call:
            guard case .call(let id, let name, _)? = item?.kind else { return }
            appendInPlace("response.function_call_arguments.done", to: &output) {
                $0.member("name", name)
                $0.member("arguments", whole)
            }
            item?.kind = .call(id: id, name: name, arguments: whole)
        }
    }

    private mutating func add(_ part: Responses.Item.Part) {
        guard case .message(var parts)? = item?.kind else { return }
        // Held by the item too, the parts would be copied for every further one.
        item?.kind = .message([])
        parts.append(part)
        item?.kind = .message(parts)
    }

    /// A call without arguments has an empty object.
    private mutating func settleArguments(of call: Int, to output: inout [UInt8]) {
        guard sequence.calls[call].scanner.form == .blank else { return }
        _ = sequence.takeArguments(of: call)
        appendDelta("{}", to: &output)
    }
}

// MARK: - Events

extension Responses.ItemWriter {
    private mutating func append(
        _ type: StaticString, _ item: Responses.Item, position: Int? = nil, to output: inout [UInt8]
    ) {
        let position = position ?? items.count
        events.append(type, to: &output) {
            $0.member("output_index", position)
            $0.key("item")
            item.write(to: &$0)
        }
    }

    private mutating func appendInPlace(
        _ type: StaticString, to output: inout [UInt8], members: (inout JSONWriter) -> Void
    ) {
        var writer = Responses.EventCounter.begin(type)
        writePlace(to: &writer)
        members(&writer)
        output += writer.bytes
        events.end(&output)
    }

    /// Where the open part stands.
    private func writePlace(to writer: inout JSONWriter) {
        writer.member("item_id", item?.id ?? "")
        writer.member("output_index", items.count)
        switch item?.kind {
        case .message(let parts)?: writer.member("content_index", parts.count)
        case .reasoning?: writer.member("summary_index", 0)
        case .call?, .passed?, nil: break
        }
    }

    /// The path of nearly every event: one copy of a prefix, the text, and the number.
    private mutating func appendDelta(
        _ piece: String, _ logprobs: [TokenLogprob] = [], to output: inout [UInt8]
    ) {
        text += piece
        var writer = JSONWriter(deltaStart, reserving: piece.utf8.count + 16)
        writer.string(piece)
        if !logprobs.isEmpty {
            writer.key("logprobs")
            Responses.write(logprobs, to: &writer)
        }
        output += writer.bytes
        // A text's delta always has them.
        if open == .text, logprobs.isEmpty { output += #","logprobs":[]"#.utf8 }
        events.end(&output)
    }
}

extension JSONWriter {
    fileprivate mutating func part(_ part: Responses.Item.Part) {
        key("part")
        part.write(to: &self)
    }

    fileprivate mutating func summary(_ text: String) {
        key("part")
        Responses.Item.write(summary: text, to: &self)
    }
}
