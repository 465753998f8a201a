internal import Base
internal import HTTPServer
internal import Telemetry

/// What strangers may do to the server, by configuration.
extension App {
    static func crossOrigin(_ server: Configuration.Server, _ routes: [Route]) -> CrossOrigin {
        CrossOrigin(
            origins: server.origins, headers: server.corsHeaders, maxAge: server.corsMaxAge,
            methods: routes.map(\.method))
    }

    private static func blocks(_ server: Configuration.Server) -> [AddressBlock] {
        server.trustedProxies.compactMap { AddressBlock($0) }
    }

    static func proxies(_ server: Configuration.Server) -> TrustedProxies { TrustedProxies(blocks(server)) }

    static func exposure(_ server: Configuration.Server, _ limits: inout ServerLimits) {
        limits.bodyTotal = server.bodyTotal
        limits.minRate = server.minRate
        limits.minWriteRate = server.minWriteRate
        limits.maxConnectionsPerAddress = server.maxConnectionsPerAddress
        limits.trustedProxies = blocks(server)
        // A body of the allowed size must find room while it is alone.
        limits.maxBodyMemory = server.maxMemory == 0 ? 0 : max(server.maxMemory, server.maxBody)
        limits.maxBodyMemoryPerClient = max(limits.maxBodyMemory / 4, server.maxBody)
        limits.gzipFrom = server.gzipFrom
    }

    /// What the server of the start takes over from a later configuration.
    func followLimits(_ configuration: Configuration) {
        var later = configuration.server
        // How much memory there is for all is for a start to say.
        later.maxMemory = first.server.maxMemory
        server.follow(App.limits(later))
    }

    static func exhausted(_ logger: Logger) -> @Sendable () -> Void {
        {
            logger.log(
                .warning,
                "no descriptors left, connections have to wait: raise the hard limit of open files (ulimit -Hn)")
        }
    }
}
