internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON

/// `GET /api/orchestrator/metrics`: what the server has done since its start, in a few numbers.
struct StatisticsRoute: Sendable {
    let metrics: ServerMetrics
    /// The paths of the routes that ask models.
    let asking: Set<String>
    /// Seconds since the start.
    let uptime: @Sendable () -> Int64

    init(metrics: ServerMetrics, routes: [Route], uptime: @escaping @Sendable () -> Int64) {
        self.metrics = metrics
        asking = Set(routes.filter(\.operation.asksProviders).map(\.path))
        self.uptime = uptime
    }

    var route: Route {
        Route.simple("GET", "/api/orchestrator/metrics", .statistics, for: .role(.viewer), whileDraining: true) {
            [self] _ in
            Response(
                status: 200, headers: ["content-type": "application/json"],
                body: metrics.statistics(routes: asking, uptime: uptime()).json.bytes)
        }
    }
}
