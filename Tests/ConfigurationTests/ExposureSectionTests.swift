import Testing

@testable import Server

@Suite("Configuration for strangers")
struct ExposureSectionTests {
    @Test("the file sets every key")
    func file() throws {
        let server = try load(
            """
            auth: { keys: [{ name: k, hash: hmac-sha256.00000000.\(String(repeating: "a0", count: 32)), tenant: t, user: u }] }
            server:
              trusted_proxies: [127.0.0.1, 10.0.0.0/8, "2001:db8::/32"]
              max_connections_per_address: 64
              max_memory: 1GB
              min_rate: 2KB
              min_write_rate: 1KB
              gzip_from: 0
              timeouts: { body_total: 60s }
              cors: { headers: [Authorization], max_age: 1h }
            """
        ).configuration.server
        #expect(server.trustedProxies == ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
        #expect(server.maxConnectionsPerAddress == 64 && server.maxMemory == 1 << 30 && server.minRate == 2048)
        #expect(server.minWriteRate == 1024)
        #expect(server.gzipFrom == 0 && server.bodyTotal == .seconds(60))
        #expect(server.corsHeaders == ["authorization"] && server.corsMaxAge == .seconds(3600))
    }

    @Test("beyond loopback a client has a bound on its connections that nobody has to set")
    func strangers() throws {
        let key = "{ name: k, hash: hmac-sha256.00000000.\(String(repeating: "a0", count: 32)), tenant: t, user: u }"
        func most(_ server: String) throws -> Int {
            try load("server: { \(server) }\nauth: { keys: [\(key)] }").configuration.server.maxConnectionsPerAddress
        }
        #expect(try most("listen: 127.0.0.1:1") == 0)
        #expect(try most("listen: 0.0.0.0:1") == 1024)
        #expect(try most("listen: '[::]:1'") == 1024)
        #expect(try most("listen: 0.0.0.0:1, max_connections_per_address: 0") == 0)
        #expect(try most("listen: 0.0.0.0:1, max_connections_per_address: 7") == 7)
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            "trusted_proxies: [proxy.example]", "trusted_proxies: [10.0.0.1/8]", "trusted_proxies: [10.0.0.0/33]",
            "max_connections_per_address: -1", "max_memory: much", "min_rate: 2MB", "min_write_rate: 2MB",
            "cors: { headers: ['*'] }",
            "cors: { headers: ['a b'] }", "cors: { origins: [] }", "gzip_from: 2GB",
        ])
    func refused(_ line: String) {
        #expect(throws: ConfigurationErrors.self) { try load("server: { \(line) }") }
    }
}
