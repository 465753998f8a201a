internal import Base
internal import HTTP
internal import HTTPServer

/// What a server needs that strangers reach: whom it believes, and how much of it one client may take.
extension ConfigurationKey {
    static let exposure: [ConfigurationKey] = [
        count(
            "server.max_connections_per_address", \.server.maxConnectionsPerAddress,
            "Connections open at once of one client: an IPv4 address, or the first 64 bits of an IPv6 address. Trusted "
                + "proxies are not counted; 0 for no such limit, which suits a server behind a proxy. Where nobody "
                + "sets it, it is \(Configuration.Server.connectionsPerStranger) when `server.listen` is beyond loopback.",
            0...1_000_000),
        size(
            "server.max_memory", \.server.maxMemory,
            "What the bodies of all requests may take together, at least `server.max_body`, and those of one client "
                + "a quarter of it, loopback aside; a request over it is refused with 503. 0 for no such limit.",
            0...1 << 40),
        size(
            "server.min_rate", \.server.minRate,
            "The bytes of a request's body that must come in a second, on average, after the first 10 s; 0 for no such "
                + "limit.", 0...1 << 20),
        size(
            "server.min_write_rate", \.server.minWriteRate,
            "The bytes of what waits for a client that it must take in a second, on average, or be less than 30 s behind; "
                + "time in which nothing waits does not count. 0 for no such limit.", 0...1 << 20),
        size(
            "server.gzip_from", \.server.gzipFrom,
            "JSON answers from this size on are compressed for clients that take gzip; 0 for none. Streams never are.",
            0...1 << 30),
        names(
            "server.trusted_proxies", \.server.trustedProxies,
            "The proxies whose `X-Forwarded-For` or `Forwarded` is believed; from anybody else these headers mean "
                + "nothing. Only with keys for callers.",
            "a list of addresses and blocks of them, such as [127.0.0.1, 10.0.0.0/8, 2001:db8::/32]",
            isValid: { AddressBlock($0) != nil }),
        names(
            "server.cors.headers", \.server.corsHeaders,
            "The request headers that pages of `server.origins` may send; empty for all.",
            "a list of header names, such as [authorization, content-type]",
            isValid: { HTTPHeaders.isValidName($0) && $0 != "*" && $0.utf8.count <= 64 },
            convert: { $0.lowercased() }),
        duration(
            "server.cors.max_age", \.server.corsMaxAge,
            "How long a browser may remember what a page of `server.origins` may send.", from: .zero),
    ]
}
