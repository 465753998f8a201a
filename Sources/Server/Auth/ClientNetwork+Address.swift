internal import HTTPServer
internal import Identity

extension ClientNetwork {
    /// Of a numeric address as the system writes it, with or without brackets and zone.
    init(address: String) {
        var text = Substring(address)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        text = text.prefix { $0 != "%" }
        let mapped = "::ffff:"
        if text.lowercased().hasPrefix(mapped), let octets = IPLiteral.v4(String(text.dropFirst(mapped.count))) {
            self.init(v4: octets)
        } else if let octets = IPLiteral.v4(String(text)) {
            self.init(v4: octets)
        } else if let groups = IPLiteral.v6(String(text)) {
            self.init(v6: groups)
        } else {
            self = .unknown
        }
    }

    /// Of whoever sent a request.
    init(of exchange: Exchange) { self.init(address: exchange.clientAddress) }
}
