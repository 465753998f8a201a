extension Configuration.Server {
    /// Connections of one client on an address beyond loopback, where nobody says another number: more than one
    /// application's pool has, and few enough that it takes sixteen clients to fill the server.
    static let connectionsPerStranger = 1024
}

extension ConfigurationLoader {
    /// On loopback all come from one address, so that a limit for each would be one for all.
    mutating func settleExposure() {
        guard sources["server.max_connections_per_address"] == nil, !configuration.server.listen.isLoopback else {
            return
        }
        configuration.server.maxConnectionsPerAddress = Configuration.Server.connectionsPerStranger
    }
}
