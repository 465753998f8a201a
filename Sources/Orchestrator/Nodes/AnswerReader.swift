internal import Base
internal import Models

/// Reads one model's answer by way of the output guard, and puts it together as it passes. Without a guard an event
/// costs what the stream and the assembler do.
///
/// What works for a moment is kept out of line, here and in those who read: inlined into an asynchronous function, its
/// temporaries would be held by every turn that waits.
struct AnswerReader: Sendable {
    private var stream: PieceStream
    private var assembler = Assembler()
    private var guarding: Guarding?

    fileprivate struct Guarding: Sendable {
        var stream: GuardedStream
        let time: any TimeSource
        /// What whole answers and the end took.
        var duration = Duration.zero
        /// Let through by the guard, and not yet given out from `position` on.
        var passed: [ModelEvent] = []
        var position = 0
        var isOver = false
    }

    /// - Parameter joins: Whether pieces of a text that are there at once may come as one, without their frames.
    @inline(never)
    init(_ answer: Gateway.Answer, _ guards: GuardSettings, time: any TimeSource, joins: Bool = false) {
        stream = PieceStream(answer.stream, joins: joins)
        guarding = GuardedStream(guards).map { Guarding(stream: $0, time: time) }
    }

    /// The answer so far.
    var completion: ChatCompletion { assembler.completion }

    /// How long guarding it took, but for the events of a stream before its end.
    var guardingTime: Duration { guarding?.duration ?? .zero }

    var findings: GuardFindings { guarding?.stream.findings ?? GuardFindings() }

    /// What is there without waiting.
    @inline(never)
    mutating func ready() throws(CodedError) -> ModelSupply {
        guard guarding != nil else { return note(try stream.ready()) }
        while true {
            if let event = guarding?.pop() { return note(.event(event)) }
            if guarding?.isOver == true { return .end }
            let supply = try stream.ready()
            if case .later = supply { return .later }
            take(supply)
        }
    }

    /// Waits for the next event.
    mutating func next() async throws(CodedError) -> ModelSupply {
        while true {
            if guarding != nil {
                let supply = try ready()
                guard case .later = supply else { return supply }
            }
            let supply = try await stream.next()
            guard guarding != nil else { return note(supply) }
            take(supply)
        }
    }

    @inline(never)
    private mutating func take(_ supply: ModelSupply) { guarding?.take(supply) }

    @inline(never)
    private mutating func note(_ supply: ModelSupply) -> ModelSupply {
        if case .event(let event) = supply { assembler.add(event) }
        return supply
    }
}

extension AnswerReader.Guarding {
    fileprivate mutating func pop() -> ModelEvent? {
        guard position < passed.count else { return nil }
        defer { position += 1 }
        return passed[position]
    }

    fileprivate mutating func take(_ supply: ModelSupply) {
        passed.removeAll(keepingCapacity: true)
        position = 0
        switch supply {
        case .event(let event):
            guard case .whole = event.kind else { return stream.take(event, into: &passed) }
            timed { $0.take(event, into: &$1) }
        case .end:
            isOver = true
            timed { $0.finish(into: &$1) }
        case .later: break
        }
    }

    private mutating func timed(_ work: (inout GuardedStream, inout [ModelEvent]) -> Void) {
        let start = time.now()
        work(&stream, &passed)
        duration += time.now().since(start)
    }
}
