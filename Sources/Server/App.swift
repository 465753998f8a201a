internal import Base
internal import HTTP
internal import HTTPClient
internal import HTTPServer
internal import Orchestrator
internal import Telemetry
internal import Transport

/// A running server: what lasts as long as the process, and the world in which it answers now.
final class App: Sendable {
    let lasting: Lasting
    let worlds = CurrentWorld()
    /// What was in force at the start, and still is where only a start can change it.
    let first: Configuration
    let load: Loading
    let onReload: [ReloadStep]
    let reloads = ReloadQueue()
    private let group: EventLoopGroup
    let server: HTTPServer

    /// Reads the configuration again. May block for the reading of a small file.
    typealias Loading = @Sendable () throws(ConfigurationErrors) -> LoadedConfiguration
    /// Something that follows the configuration and is no part of a world, such as certificates: checks it, throws what
    /// is wrong with it, and gives what puts it in force. May block for the reading of small files.
    typealias ReloadStep = @Sendable (Configuration) throws(CodedError) -> @Sendable () -> Void

    /// What the world takes from outside.
    struct Surroundings: Sendable {
        var environment: [String: String]
        var log: any LogSink
        /// The event loops' own clock, unless another one is given.
        var time: (any TimeSource)?
        var generator: SeededGenerator
        /// Event loops; one a core.
        var loops: Int
        var client = HTTPClient.Configuration()
        /// Where the configuration is read again.
        var load: Loading
        var onReload: [ReloadStep] = []
    }

    init(_ loaded: LoadedConfiguration, _ surroundings: Surroundings) throws(CodedError) {
        first = loaded.configuration
        load = surroundings.load
        onReload = surroundings.onReload
        group = EventLoopGroup(count: surroundings.loops)
        let time: any TimeSource = surroundings.time ?? LoopClock(group)
        lasting = Lasting(
            surroundings, level: App.level(first.log.level), time: time,
            client: HTTPClient(group: group, configuration: surroundings.client))
        // A closure with a list of captures would not run where its caller does: every `await` below it would then cost
        // a turn of the loop.
        let worlds = self.worlds
        server = HTTPServer(
            group: group, limits: App.limits(first.server), time: time, exhausted: App.exhausted(lasting.logger),
            protocolError: { worlds.value?.pipeline.refuse($0) ?? ErrorRendering.protocolError($0) }
        ) { request, writer in
            guard let world = worlds.value else {
                let error = CodedError(.shuttingDown, "The server is stopping. Try again in a moment.")
                return await writer.send(ErrorRendering.protocolError(error))
            }
            return await world.pipeline.handle(request, writer)
        }
        let world = try makeWorld(loaded)
        lasting.adopt(world)
        worlds.replace(with: world)
    }

    /// A world of this configuration, not in force yet.
    func makeWorld(_ loaded: LoadedConfiguration, after earlier: World? = nil) throws(CodedError) -> World {
        var loaded = loaded
        // Who looks for the folder finds the one of the start, where what lasts is.
        loaded.configuration.server.data = first.server.data
        let admin = AdminRoutes(logger: lasting.logger) { [weak self] in await self?.reload(.request) ?? .stopping }
        return try World(
            loaded, lasting, after: earlier, admin: admin.routes + [socketRoute(loaded.configuration.server)])
    }

    private func socketRoute(_ server: Configuration.Server) -> Route {
        var limits = WebSocketLimits()
        limits.heartbeat = server.heartbeat
        limits.idleTimeout = server.idleTimeout
        limits.writeTimeout = server.writeTimeout
        // A socket outlives the world in which it was opened.
        return WebSocketRoute(limits: limits, gatekeeper: lasting.gatekeeper, meter: lasting.metrics.sockets) {
            [weak worlds] in worlds?.value?.turns
        }.route
    }

    /// Begins to listen; gives the port, also when 0 was asked for.
    func start() async throws(TransportError) -> UInt16 {
        let address = first.server.listen
        return try await server.start(address: address.host, port: address.port, tls: certificate())
    }

    /// Stops: no new work, running answers get their time, then an error event. Returns when all is closed, within
    /// the configured drain time. From now on the configuration stays as it is.
    func stop() async {
        lasting.drainState.begin()
        let loop = group.loops[0]
        let drain = worlds.value?.configuration.server.drain ?? first.server.drain
        let end = loop.now().advanced(by: max(.zero, drain - .milliseconds(6_500)))
        let registry = lasting.registry
        // The listener stays open meanwhile, so that probes see `/readyz` turn.
        while registry.count > 0, loop.now() < end {
            do throws(CancellationError) { try await loop.sleep(for: .milliseconds(20)) } catch { break }
        }
        await endLiveRuns(loop)
        await server.drain(grace: registry.count > 0 ? .zero : .milliseconds(200))
        lasting.locals.shutdown()
        worlds.replace(with: nil)
        await lasting.client.shutdown()
        await group.shutdown()
    }

    /// Runs that belong to no connection end here; who reads them gets their last event before the connections end.
    private func endLiveRuns(_ loop: EventLoop) async {
        let runs = lasting.liveRuns
        runs.stop()
        let end = loop.now().advanced(by: .milliseconds(500))
        while runs.runningCount > 0, loop.now() < end {
            do throws(CancellationError) { try await loop.sleep(for: .milliseconds(5)) } catch { return }
        }
    }

    /// Calls back on a loop when the process is asked to stop: once for each signal. Returns when that is sure.
    func onStopSignal(_ received: @escaping @Sendable () -> Void) async { await on([2, 15], received) }

    /// The same for the signal to load the configuration again, SIGHUP.
    func onReloadSignal(_ received: @escaping @Sendable () -> Void) async { await on([1], received) }

    private func on(_ signals: [Int32], _ received: @escaping @Sendable () -> Void) async {
        let loop = group.loops[0]
        await withCheckedContinuation { continuation in
            loop.execute {
                for signal in signals { _ = SignalWatcher(loop: loop, signal: signal, received: received) }
                continuation.resume()
            }
        }
    }
}

extension App {
    static func level(_ level: Configuration.LogLevel) -> LogLevel {
        switch level {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }

    static func limits(_ server: Configuration.Server) -> ServerLimits {
        var limits = ServerLimits()
        limits.http = HTTPLimits(
            maxRequestLine: server.maxLine, maxHeaderBytes: server.maxHeaders, maxBody: .max)
        limits.headTimeout = server.headerTimeout
        limits.bodyTimeout = server.bodyTimeout
        limits.idleTimeout = server.idleTimeout
        limits.writeTimeout = server.writeTimeout
        limits.maxConnections = server.maxConnections
        exposure(server, &limits)
        return limits
    }
}
