internal import Base
internal import HTTP
internal import HTTPClient
internal import JSON
internal import Telemetry
internal import Transport

/// `tutti chat`: one message, or a conversation read line by line. Talks to the server at `TUTTI_URL` or the default
/// address; where none answers and none was named, it starts one in this process.
enum ChatCommand {
    private static let defaultAddress = "http://127.0.0.1:8080"

    static func run(_ options: ChatOptions, environment: [String: String]) async -> Int32 {
        let group = EventLoopGroup(count: 1)
        let client = HTTPClient(group: group)
        var named = environment["TUTTI_URL"].flatMap { $0.isEmpty ? nil : $0 }
        while named?.hasSuffix("/") == true { named?.removeLast() }
        var conversation = ChatConversation(
            address: named ?? defaultAddress, model: options.model, persona: options.persona,
            key: environment["TUTTI_API_KEY"].flatMap { $0.isEmpty ? nil : Secret($0) }, client: client)
        var own: App?
        if named == nil, await !conversation.serverAnswers() {
            guard let started = await startServer(environment) else { return 2 }
            own = started.app
            conversation.address = "http://127.0.0.1:\(started.port)"
        }
        let code = await talk(&conversation, options)
        await own?.stop()
        await client.shutdown()
        await group.shutdown()
        return code
    }

    private static func talk(_ conversation: inout ChatConversation, _ options: ChatOptions) async -> Int32 {
        if let message = options.message { return await conversation.say(message, json: options.json) ? 0 : 1 }
        let isTerminal = StandardStreams.isTerminal(.error)
        if isTerminal { StandardStreams.write("Type a message; an empty line ends the conversation.\n", to: .error) }
        while true {
            if isTerminal { StandardStreams.write("> ", to: .error) }
            guard let line = readLine(), !line.isEmpty else { return 0 }
            guard await conversation.say(line, json: options.json) else { return 1 }
        }
    }

    /// A server of this process's own on a free port, with the built-in or the found configuration.
    private static func startServer(_ environment: [String: String]) async -> (app: App, port: UInt16)? {
        var flags = ConfigurationFlags()
        flags.listen = "127.0.0.1:0"
        guard let loaded = TuttiCommand.load(flags, environment) else { return nil }
        for notice in loaded.notices { StandardStreams.write("notice: \(notice)\n", to: .error) }
        let surroundings = App.Surroundings(
            environment: environment, log: NoLog(), generator: SeededGenerator(seed: Entropy.seed()), loops: 1,
            load: TuttiCommand.loading(flags, environment))
        do {
            let app = try App(loaded.withoutTLS(), surroundings)
            return (app, try await app.start())
        } catch {
            StandardStreams.write("error: no server answers and none could be started: \(error)\n", to: .error)
            return nil
        }
    }
}

/// A conversation with a server, and what has been said in it.
struct ChatConversation {
    var address: String
    let model: String?
    let persona: String?
    /// For a server that asks for one.
    let key: Secret?
    let client: HTTPClient
    private var messages: [JSON] = []

    init(address: String, model: String?, persona: String?, key: Secret?, client: HTTPClient) {
        self.address = address
        self.model = model
        self.persona = persona
        self.key = key
        self.client = client
    }

    func serverAnswers() async -> Bool {
        var request = OutgoingRequest(method: "GET", url: address + "/healthz")
        request.timeouts.connect = .milliseconds(300)
        request.timeouts.firstByte = .seconds(2)
        guard let response = try? await client.send(request) else { return false }
        return response.status == 200
    }

    /// Sends a message and writes the answer as it comes; whether there was one.
    mutating func say(_ text: String, json: Bool) async -> Bool {
        messages.append(["role": "user", "content": .string(text)])
        do throws(CodedError) {
            let answer = json ? try await whole() : try await streamed()
            messages.append(["role": "assistant", "content": .string(answer)])
            return true
        } catch {
            messages.removeLast()
            StandardStreams.write("error: \(error.message)\n", to: .error)
            return false
        }
    }

    private func send(stream: Bool) async throws(CodedError) -> IncomingResponse {
        var members = [JSON.Member("messages", .array(messages)), JSON.Member("stream", .bool(stream))]
        if let model { members.append(JSON.Member("model", .string(model))) }
        if let persona { members.append(JSON.Member("personaId", .string(persona))) }
        var request = OutgoingRequest(
            url: address + "/api/orchestrator/chat", headers: ["content-type": "application/json"],
            body: JSON.object(members).bytes)
        if let key { request.headers.add("authorization", "Bearer \(key.reveal())") }
        // A whole answer's head comes with its end.
        if !stream { request.timeouts.firstByte = request.timeouts.total }
        let response: IncomingResponse
        var problem: [UInt8] = []
        do throws(HTTPClientError) {
            response = try await client.send(request)
            if response.status != 200 { problem = try await response.body.collect(limit: 1 << 20) }
        } catch {
            throw CodedError(.providerUnreachable, "\(address) does not answer: \(error.message).")
        }
        guard response.status == 200 else { throw ChatConversation.problem(problem) }
        return response
    }

    private static func problem(_ body: [UInt8]) -> CodedError {
        let detail = (try? JSONDocument(body))?.root["detail"]?.string
        return CodedError(.providerFailed, detail ?? "the server gave an answer that is no Tutti server's")
    }

    private func whole() async throws(CodedError) -> String {
        let response = try await send(stream: false)
        let body: [UInt8]
        do throws(HTTPClientError) { body = try await response.body.collect(limit: 64 << 20) } catch {
            throw CodedError(.providerStreamBroken, "the answer broke off: \(error.message)")
        }
        StandardStreams.write(String(decoding: body, as: UTF8.self) + "\n", to: .output)
        return (try? JSONDocument(body))?.root["content"]?.string ?? ""
    }

    private func streamed() async throws(CodedError) -> String {
        let response = try await send(stream: true)
        var decoder = SSEDecoder()
        var answer: String?
        do {
            while let piece = try await response.body.next() {
                decoder.feed(piece)
                while let event = try decoder.next() { try show(event, &answer) }
            }
        } catch let error as CodedError {
            throw error
        } catch {
            throw CodedError(.providerStreamBroken, "the answer broke off")
        }
        guard let answer else { throw CodedError(.providerStreamBroken, "the answer ended before it was complete") }
        StandardStreams.write("\n", to: .output)
        return answer
    }

    private func show(_ event: SSEEvent, _ answer: inout String?) throws {
        let data = try JSONDocument(event.data).root
        switch event.event {
        case "TOKEN": StandardStreams.write(data["token"]?.string ?? "", to: .output)
        case "COMPLETE": answer = data["content"]?.string ?? ""
        case "ERROR": throw CodedError(.providerFailed, data["message"]?.string ?? "the answer failed")
        case "CANCELLED": throw CodedError(.cancelled, "the answer was cancelled")
        default: break
        }
    }
}
