internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Models
internal import Telemetry

/// What whoever runs the server asks of it while it runs.
struct AdminRoutes: Sendable {
    let logger: Logger
    let reload: @Sendable () async -> ReloadOutcome

    init(logger: Logger, reload: @escaping @Sendable () async -> ReloadOutcome) {
        self.logger = logger
        self.reload = reload
    }

    var routes: [Route] {
        [
            admin("POST", "/api/admin/reload", .reload) { exchange, writer in
                do throws(CodedError) {
                    try await checkNothingSent(exchange)
                } catch {
                    return await RouteOutcome.failed(error, exchange, writer)
                }
                return await answer(await reload(), exchange, writer)
            },
            admin("PUT", "/api/admin/log-level", .logLevel) { exchange, writer in
                do throws(CodedError) {
                    let level = try AdminRoutes.level(try await exchange.json(limit: 4096))
                    logger.level = level
                    return await AdminRoutes.ok(["level": .string(level.name)], writer)
                } catch {
                    return await RouteOutcome.failed(error, exchange, writer)
                }
            },
            admin("GET", "/api/config/schema", .configurationSchema, for: .viewer) { _, writer in
                RouteOutcome(
                    await writer.send(
                        Response(
                            status: 200, headers: ["content-type": "application/schema+json"],
                            kept: ConfigurationSchema.kept)))
            },
        ]
    }

    /// Every route here is made in this one place.
    private func admin(
        _ method: String, _ path: String, _ operation: Operation, for role: Scope.Role = .admin,
        _ handle: @escaping @Sendable (Exchange, consuming ResponseWriter) async -> RouteOutcome
    ) -> Route {
        Route(
            method: method, path: path, operation: operation, access: .role(role), answersWhileDraining: false,
            handle: handle)
    }

    /// Nobody is to think that a configuration can be sent.
    private func checkNothingSent(_ exchange: Exchange) async throws(CodedError) {
        let body = try await exchange.body(limit: 4096)
        guard body.isEmpty || (try? JSON(body)) == JSON.object([]) else {
            throw CodedError(
                .invalidValue, "This route takes no body: the configuration is read where it was read at the start.")
        }
    }

    private func answer(
        _ outcome: ReloadOutcome, _ exchange: Exchange, _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        switch outcome {
        case .loaded(let changed, let notices):
            let body: JSON = [
                "reloaded": true, "changed": .array(changed.map { .string($0) }),
                "notices": .array(notices.map { .string($0) }),
            ]
            return await AdminRoutes.ok(body, writer)
        case .refused(let problems):
            let error = CodedError(
                .invalidConfiguration,
                "The configuration has faults, so the one before stays in force. `errors` lists them all.")
            let response = ErrorRendering.response(
                error, path: exchange.path, requestID: exchange.requestID,
                errors: .array(problems.map { ConfigCommand.json($0) }))
            return RouteOutcome(await writer.send(response), error: error)
        case .stopping:
            let error = CodedError(.shuttingDown, "The server is stopping.")
            return await RouteOutcome.failed(error, exchange, writer)
        }
    }

    private static func level(_ body: [UInt8]) throws(CodedError) -> LogLevel {
        let root = try RequestBody.object(body, like: #"{"level": "info"}"#)
        try root.refuseOthers(than: [NativeTurn.Field(name: "level", schema: Schema.text)])
        let names = LogLevel.allCases.map(\.name)
        guard let level = LogLevel.allCases.first(where: { $0.name == root["level"]?.string }) else {
            throw CodedError(
                .invalidValue, "'level' must be one of \(names.joined(separator: ", ")).", param: "level")
        }
        return level
    }

    private static func ok(_ body: JSON, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        RouteOutcome(
            await writer.send(
                Response(status: 200, headers: ["content-type": "application/json"], body: body.bytes)))
    }
}
