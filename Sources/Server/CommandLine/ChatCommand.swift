internal import Base
internal import HTTPClient
internal import Telemetry
internal import Transport

/// `tutti chat`: one message, or a conversation read line by line. Talks to the server at `TUTTI_URL` or the default
/// address; where none answers and none was named, it starts one in this process.
enum ChatCommand {
    /// What a shell expects of a program that Ctrl-C has ended.
    private static let interrupted: Int32 = 130

    static func run(_ options: ChatOptions, environment: [String: String]) async -> Int32 {
        let group = EventLoopGroup(count: 1)
        let client = HTTPClient(group: group)
        var server = ServerConnection(environment, client: client)
        var own: App?
        if !server.isNamed, await !server.answers() {
            guard let started = await startServer(environment) else { return 2 }
            own = started.app
            server.address = "http://127.0.0.1:\(started.port)"
        }
        var conversation = ChatConversation(server: server, options: options, loop: group.loops[0])
        let code = await talk(&conversation, options)
        await own?.stop()
        await client.shutdown()
        await group.shutdown()
        return code
    }

    private static func talk(_ conversation: inout ChatConversation, _ options: ChatOptions) async -> Int32 {
        if let message = options.message {
            return switch await conversation.say(message) {
            case .answered: 0
            case .failed: 1
            case .interrupted: interrupted
            }
        }
        let isTerminal = StandardStreams.isTerminal(.error)
        if isTerminal {
            StandardStreams.write(
                "Type a message; an empty line ends the conversation, Ctrl-C an answer.\n", to: .error)
        }
        while true {
            if isTerminal { StandardStreams.write("> ", to: .error) }
            guard let line = readLine(), !line.isEmpty else { return 0 }
            // Who stops an answer means to go on with another question.
            if case .failed = await conversation.say(line) { return 1 }
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
