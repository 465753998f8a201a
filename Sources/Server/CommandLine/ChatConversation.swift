internal import Base
internal import HTTP
internal import HTTPClient
internal import JSON
internal import Transport

/// A conversation with a server, and what has been said in it.
struct ChatConversation {
    enum Outcome: Sendable {
        case answered, failed, interrupted
    }

    private let server: ServerConnection
    private let options: ChatOptions
    private let loop: EventLoop
    private let write: @Sendable (String) -> Bool
    private var messages: [JSON] = []

    /// - Parameter write: Takes the answers; false where nobody takes them any more.
    init(
        server: ServerConnection, options: ChatOptions, loop: EventLoop,
        write: @escaping @Sendable (String) -> Bool = { StandardStreams.write($0, to: .output) }
    ) {
        self.server = server
        self.options = options
        self.loop = loop
        self.write = write
    }

    /// Sends a message and writes the answer as it comes. Ctrl-C ends the answer, and it counts as not asked for.
    mutating func say(_ text: String) async -> Outcome {
        messages.append(["role": "user", "content": .string(text)])
        let turn = ChatTurn(server: server, options: options, messages: messages, output: write)
        switch await Interruption.cancels(on: loop, { await turn.answer() }) {
        case .success(let answer):
            messages.append(["role": "assistant", "content": .string(answer)])
            return .answered
        case .failure(let error):
            messages.removeLast()
            guard error.code != .cancelled else {
                StandardStreams.write("\nstopped\n", to: .error)
                return .interrupted
            }
            StandardStreams.write("error: \(error.message)\n", to: .error)
            return .failed
        }
    }
}

/// One question, and how its answer is shown.
private struct ChatTurn: Sendable {
    let server: ServerConnection
    let options: ChatOptions
    let messages: [JSON]
    let output: @Sendable (String) -> Bool

    func answer() async -> Result<String, CodedError> {
        do throws(CodedError) {
            return .success(try await streamed())
        } catch {
            // The connection is closed on the way out, which ends the turn at the server.
            return .failure(Task.isCancelled ? CodedError(.cancelled, "stopped") : error)
        }
    }

    private func streamed() async throws(CodedError) -> String {
        var members = [JSON.Member("messages", .array(messages)), JSON.Member("stream", true)]
        if let model = options.model { members.append(JSON.Member("model", .string(model))) }
        if let persona = options.persona { members.append(JSON.Member("personaId", .string(persona))) }
        let response = try await server.send("/api/orchestrator/chat", body: .object(members))
        var decoder = SSEDecoder()
        var shown = ShownAnswer()
        do {
            while let piece = try await response.body.next() {
                decoder.feed(piece)
                while let event = try decoder.next() { try show(event, &shown) }
            }
        } catch let error as CodedError {
            throw error
        } catch {
            throw CodedError(.providerStreamBroken, "the answer broke off")
        }
        guard let answer = shown.answer else {
            throw CodedError(.providerStreamBroken, "the answer ended before it was complete")
        }
        return answer
    }

    private func show(_ event: SSEEvent, _ shown: inout ShownAnswer) throws {
        let data = try JSONDocument(event.data).root
        if options.json { try print(event) }
        switch event.event {
        case "TOKEN":
            // Those of an expert are no answer yet.
            guard data["expert"] == nil, let token = data["token"]?.string else { break }
            let text = shown.take(token)
            if !options.json { try write(text) }
        case "REPLACE":
            let text = shown.takeBack()
            if !options.json { try write(text) }
        case "PIPELINE_METRICS": if options.timing { ChatTiming.write(data) }
        case "COMPLETE":
            let text = shown.end(data["content"]?.string ?? "")
            if !options.json { try write(text) }
        case "ERROR": throw CodedError(.providerFailed, data["message"]?.string ?? "the answer failed")
        case "CANCELLED": throw CodedError(.cancelled, "the answer was cancelled")
        default: break
        }
    }

    /// Ends the answer where it cannot be shown: nobody would see what is paid for.
    private func write(_ text: String) throws(CodedError) {
        guard output(text) else { throw CodedError(.internalError, "the answer cannot be written any more.") }
    }

    /// One line of JSON for an event, as it came.
    private func print(_ event: SSEEvent) throws(CodedError) {
        var writer = JSONWriter(reserving: event.data.count + 64)
        writer.beginObject()
        writer.member("event", event.event ?? "message")
        writer.member("id", orNull: event.id)
        writer.member("data", raw: event.data)
        writer.endObject()
        try write(String(decoding: writer.bytes, as: UTF8.self) + "\n")
    }
}

/// What stands on the screen of an answer; gives what is to be written there next. What is there stays: text that is not
/// the answer ends with its line.
struct ShownAnswer: Sendable {
    private var text = ""
    /// Once it is whole.
    private(set) var answer: String?

    mutating func take(_ token: String) -> String {
        text += token
        return token
    }

    mutating func takeBack() -> String {
        defer { text = "" }
        return text.isEmpty ? "" : "\n"
    }

    mutating func end(_ answer: String) -> String {
        self.answer = answer
        return (answer.hasPrefix(text) ? String(answer.dropFirst(text.count)) : "\n\(answer)") + "\n"
    }
}

/// How long the phases of an answer took, for people.
enum ChatTiming {
    static func write(_ metrics: JSONNode) { StandardStreams.write(text(metrics), to: .error) }

    /// A line each; phases that took no time are left out. Pure.
    static func text(_ metrics: JSONNode) -> String {
        var text = "\n"
        let bottlenecks = Set(metrics["bottlenecks"]?.elements.compactMap(\.string) ?? [])
        func line(_ name: String, _ value: JSONNode) {
            guard let time = value.double, time > 0 else { return }
            let tenths = Int64(exactly: (time * 10).rounded()) ?? 0
            let mark = bottlenecks.contains(name) ? "  <- bottleneck" : ""
            text += "  \(name): \(tenths / 10).\(tenths % 10) ms\(mark)\n"
        }
        for member in metrics.members {
            guard let name = member.key.string else { continue }
            line(name, member.value)
            // Each expert as bottlenecks name it.
            guard name == "experts", member.value.kind == .object else { continue }
            for expert in member.value.members {
                if let name = expert.key.string { line("execution/\(name)", expert.value) }
            }
        }
        return text
    }
}

/// Lets Ctrl-C end one piece of work, and not the process.
enum Interruption {
    static func cancels<Value: Sendable>(
        on loop: EventLoop, _ body: @escaping @Sendable () async -> Value
    ) async -> Value {
        let work = Task { await body() }
        let watcher = await withCheckedContinuation { (continuation: CheckedContinuation<SignalWatcher, Never>) in
            loop.execute { continuation.resume(returning: SignalWatcher(loop: loop, signal: 2) { work.cancel() }) }
        }
        let value = await work.value
        loop.execute { watcher.close() }
        return value
    }
}
