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

    var routes: [Route] {
        [
            Route.simple("GET", "/healthz", whileDraining: true) { _ in
                HealthRoutes.answer(200, ["status": "ok"])
            },
            Route.simple("GET", "/health", whileDraining: true) { [health] _ in
                // 200 whatever the providers do: whoever restarts this process for them mends nothing.
                HealthRoutes.answer(200, health().json)
            },
            Route.simple("GET", "/readyz", whileDraining: true) { [drainState] _ in
                drainState.isDraining
                    ? HealthRoutes.answer(503, ["status": "draining"]) : HealthRoutes.answer(200, ["status": "ready"])
            },
            Route.simple("GET", "/metrics", whileDraining: true) { [metrics, health] _ in
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
