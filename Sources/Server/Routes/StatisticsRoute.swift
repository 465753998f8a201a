internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON

/// `GET /api/orchestrator/metrics`: what the server has done since its start, in a few numbers.
struct StatisticsRoute: Sendable {
    let metrics: ServerMetrics
    /// Seconds since the start.
    let uptime: @Sendable () -> Int64

    var route: Route {
        Route.simple("GET", "/api/orchestrator/metrics", .statistics, for: .role(.viewer), whileDraining: true) {
            [self] _ in
            Response(
                status: 200, headers: ["content-type": "application/json"],
                body: metrics.statistics(uptime: uptime()).json.bytes)
        }
    }
}
