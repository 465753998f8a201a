internal import Base
internal import JSON
internal import LocalModels
internal import Synchronization
internal import Telemetry
internal import Transport

/// `tutti serve`: from a loaded configuration to the end of the process.
enum Serve {
    static let localModels = Array(LocalFiles.models.keys)

    static func hasLocalModel(_ model: String, environment: [String: String]) -> Bool {
        LocalConfiguration(model: model, environment: environment).isInstalled
    }

    static func run(
        _ loaded: LoadedConfiguration, options: ServeOptions, environment: [String: String]
    ) async -> Int32 {
        let configuration = loaded.configuration
        for notice in loaded.notices { StandardStreams.write("notice: \(notice)\n", to: .error) }
        if let problem = DataFolder.prepare(configuration.server.data) { return refuse(problem) }
        let log = DescriptorLog()
        let descriptors = (before: DescriptorLimit.current, after: DescriptorLimit.raise())
        let app: App
        do throws(CodedError) {
            app = try App(
                loaded,
                App.Surroundings(
                    environment: environment, log: log, generator: SeededGenerator(seed: Entropy.seed()),
                    loops: EventLoopGroup.availableCores, load: TuttiCommand.loading(options.flags, environment)))
        } catch {
            return refuse(error.message)
        }
        if let before = descriptors.before, let after = descriptors.after {
            app.lasting.logger.log(
                .info, "limit of open files", .int("soft", Int(clamping: after.now)),
                .int("before", Int(clamping: before.now)), .int("hard", Int(clamping: after.most)))
        }
        // Before anybody hears that the server is there, and may want it to stop.
        let stops = await stopSignals(app)
        StartPages.giveBack()
        let port: UInt16
        do throws(TransportError) {
            port = try await app.start()
        } catch {
            return refuse(sentence(error, configuration.server.listen))
        }
        tellIfOpen(configuration)
        announce(configuration, port: port, json: options.json)
        for await _ in stops { break }
        await app.stop()
        log.flush()
        return 0
    }

    private static func stopSignals(_ app: App) async -> AsyncStream<Void> {
        let stopping = Mutex(false)
        let (stops, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let handle: @Sendable () -> Void = {
            let isSecond = stopping.withLock { stopping in
                defer { stopping = true }
                return stopping
            }
            if isSecond { StandardStreams.exit(1) }
            StandardStreams.write("Stopping; running answers get their time. Again to stop at once.\n", to: .error)
            continuation.yield()
        }
        await app.onStopSignal(handle)
        let hadTerminal = StandardStreams.isTerminal(.error)
        await app.onReloadSignal { [weak app] in
            // A terminal that is closed sends the same signal, and nobody would be left who can stop the server.
            if hadTerminal, !StandardStreams.isTerminal(.error) { return handle() }
            StandardStreams.write("Loading the configuration again.\n", to: .error)
            Task { await app?.reload(.signal) }
        }
        return stops
    }

    private static func tellIfOpen(_ configuration: Configuration) {
        guard configuration.auth.mode == .open else { return }
        StandardStreams.write(
            "notice: auth.mode is open: every program on this machine may use the server and its providers' keys. "
                + "`tutti keys --help` says how to change that.\n", to: .error)
    }

    private static func announce(_ configuration: Configuration, port: UInt16, json: Bool) {
        let host = configuration.server.listen.host
        let shown = host.contains(":") ? "[\(host)]" : host
        let address = "\(configuration.server.tls.isOn ? "https" : "http")://\(shown):\(port)"
        guard !json else {
            let models = configuration.modelNames.map { JSON.string($0) }
            let line: JSON = ["address": .string(address), "models": .array(models)]
            StandardStreams.write(String(decoding: line.bytes, as: UTF8.self) + "\n", to: .output)
            return
        }
        let model = configuration.aliases.first?.name ?? configuration.modelNames.first ?? "auto"
        let body =
            #"{"model":"\#(model)","messages":[{"role":"user","content":"Hello! Who are you?"}],"max_tokens":100}"#
        StandardStreams.write(
            """
            Tutti listens on \(address) (models: \(configuration.modelNames.joined(separator: ", ")))
            Try it:

              curl \(address)/v1/chat/completions -H 'content-type: application/json' -d '\(body)'


            """, to: .output)
    }

    private static func sentence(_ error: TransportError, _ listen: ListenAddress) -> String {
        switch error.kind {
        case .addressInUse:
            "Port \(listen.port) on \(listen.host) is in use. Stop what uses it, or choose another: "
                + "--listen \(listen.host):0"
        case .permissionDenied:
            "This user may not listen on port \(listen.port). Choose one above 1023: --listen \(listen.host):8080"
        case .certificate: error.message
        default: "\(error.message). Choose an address of this machine: --listen 127.0.0.1:8080"
        }
    }

    private static func refuse(_ sentence: String) -> Int32 {
        StandardStreams.write("error: \(sentence)\n", to: .error)
        return 2
    }
}
