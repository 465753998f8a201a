internal import Base

/// Reads a provider's stream as its dialect does, with the calls of the answer's tool turned into text. Without a tool
/// it changes nothing.
struct AnswerToolDecoder<Base: AnswerDecoder>: AnswerDecoder {
    private var base: Base
    private var reader: AnswerToolReader?
    private var isFinished = false

    init(_ base: Base, tool: AnswerTool?, limit: Int) {
        self.base = base
        reader = tool.map { AnswerToolReader($0, limit: limit) }
    }

    var isDone: Bool { base.isDone }

    mutating func feed(_ bytes: [UInt8], into output: inout [ModelEvent]) throws(CodedError) {
        guard reader != nil else { return try base.feed(bytes, into: &output) }
        var events: [ModelEvent] = []
        do throws(CodedError) { try base.feed(bytes, into: &events) } catch {
            try read(events, into: &output)
            throw error
        }
        try read(events, into: &output)
        // Nobody calls `finish` after the provider's own end.
        if base.isDone { reader?.finish(into: &output) }
    }

    mutating func finish(into output: inout [ModelEvent]) throws(CodedError) {
        guard reader != nil else { return try base.finish(into: &output) }
        var events: [ModelEvent] = []
        do throws(CodedError) { try base.finish(into: &events) } catch {
            try read(events, into: &output)
            throw error
        }
        try read(events, into: &output)
        reader?.finish(into: &output)
    }

    private mutating func read(_ events: [ModelEvent], into output: inout [ModelEvent]) throws(CodedError) {
        for event in events { try reader?.read(event, into: &output) }
    }
}
