import Base
import HTTPServer
import Telemetry

@testable import Server

extension RequestPipeline {
    /// A pipeline that asks nobody for a key.
    convenience init(
        routes: [Route], hostAndOrigin: HostAndOrigin, crossOrigin: CrossOrigin = CrossOrigin(),
        proxies: TrustedProxies = TrustedProxies([]), logger: Logger, metrics: ServerMetrics, drainState: DrainState,
        time: any TimeSource, generator: SeededGenerator
    ) {
        self.init(
            routes: routes, hostAndOrigin: hostAndOrigin, crossOrigin: crossOrigin, proxies: proxies,
            gatekeeper: Gatekeeper(.open, meter: metrics.auth, logger: logger, time: time), logger: logger,
            metrics: metrics, drainState: drainState, time: time, generator: generator)
    }
}
