internal import HTTP
internal import HTTPServer
internal import JSON
internal import Telemetry

/// Whether the process lives, whether it takes work, and what it counts.
struct HealthRoutes: Sendable {
    let drainState: DrainState
    let metrics: ServerMetrics

    var routes: [Route] {
        [
            Route.simple("GET", "/healthz", whileDraining: true) { _ in
                HealthRoutes.answer(200, ["status": "ok"])
            },
            Route.simple("GET", "/health", whileDraining: true) { _ in
                HealthRoutes.answer(200, ["status": "ok"])
            },
            Route.simple("GET", "/readyz", whileDraining: true) { [drainState] _ in
                drainState.isDraining
                    ? HealthRoutes.answer(503, ["status": "draining"]) : HealthRoutes.answer(200, ["status": "ready"])
            },
            Route.simple("GET", "/metrics", whileDraining: true) { [metrics] _ in
                Response(
                    status: 200, headers: ["content-type": PrometheusText.contentType],
                    body: PrometheusText.render(metrics.registry))
            },
        ]
    }

    private static func answer(_ status: Int, _ body: JSON) -> Response {
        Response(status: status, headers: ["content-type": "application/json"], body: body.bytes)
    }
}
