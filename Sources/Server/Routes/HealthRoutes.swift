internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Telemetry

/// Whether the process lives, whether it takes work, and what it counts.
struct HealthRoutes: Sendable {
    let drainState: DrainState
    let metrics: ServerMetrics
    /// How the providers stand; asked for each answer.
    var health: @Sendable () -> GatewayHealth = { GatewayHealth() }
    /// What is wrong with the data folder now, without its path.
    var folderProblem: @Sendable () -> String? = { nil }
    var locals: [Readiness.LocalFiles] = []
    /// Whether the caller may see more of `/readyz` than its status.
    var showsDetails: @Sendable (Exchange) -> Bool = { $0.scope != .nobody }

    var routes: [Route] {
        [
            Route.simple("GET", "/healthz", .healthz, for: .anyone, whileDraining: true) { _ in
                HealthRoutes.answer(200, ["status": "ok"])
            },
            Route.simple("GET", "/health", .health, for: .role(.viewer), whileDraining: true) { [health] _ in
                // 200 whatever the providers do: whoever restarts this process for them mends nothing.
                HealthRoutes.answer(200, health().json)
            },
            Route.simple("GET", "/readyz", .readyz, for: .anyone, whileDraining: true) { [self] exchange in
                let readiness = Readiness(
                    isDraining: drainState.isDraining, folder: folderProblem(), locals: locals, health: health())
                return HealthRoutes.answer(
                    readiness.httpStatus, readiness.json(isComplete: showsDetails(exchange)))
            },
            Route.simple("GET", "/metrics", .metrics, for: .role(.viewer), whileDraining: true) { [metrics, health] _ in
                metrics.show(health())
                return Response(
                    status: 200, headers: ["content-type": PrometheusText.contentType],
                    body: PrometheusText.render(metrics.registry))
            },
        ]
    }

    private static func answer(_ status: Int, _ body: JSON) -> Response {
        Response(status: status, headers: ["content-type": "application/json"], body: body.bytes)
    }
}
