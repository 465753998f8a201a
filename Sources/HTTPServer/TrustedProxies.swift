public import HTTP

/// Who sent a request, as far as it can be told.
public struct ClientOrigin: Equatable, Sendable {
    /// A numeric address, or the name that a trusted proxy made up for a client that it hides (`_hidden`). Empty when
    /// the peer was gone before it was asked.
    public var address: String
    /// The scheme that the client used, where a trusted proxy says so.
    public var scheme: String?
    /// The host that the client asked for, where a trusted proxy says so. Decides nothing: the received `Host` does.
    public var host: String?

    public init(address: String, scheme: String? = nil, host: String? = nil) {
        self.address = address
        self.scheme = scheme
        self.host = host
    }
}

/// Finds the client behind proxies: from the peer leftward through the hops that trusted proxies have written down, to
/// the first one that is no trusted proxy. What anybody else has written is not looked at. A pure function of the
/// configuration, the peer and the head.
public struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]

    public init(_ blocks: [AddressBlock]) { self.blocks = blocks }

    func contains(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// Costs a comparison where no proxy is trusted, a few microseconds for a request of one.
    public func client(of peer: PeerAddress, headers: HTTPHeaders) -> ClientOrigin {
        guard !blocks.isEmpty, let address = peer.address, contains(address) else {
            return ClientOrigin(address: peer.text)
        }
        let hasForwarded = headers.contains("forwarded")
        let hasList = headers.contains("x-forwarded-for")
        let forwarded =
            hasForwarded ? walk(ForwardedFields.forwarded(headers.values(of: "forwarded")), from: peer) : nil
        let list = hasList ? walk(ForwardedFields.addresses(headers.values(of: "x-forwarded-for")), from: peer) : nil
        switch (forwarded, list) {
        case (let found?, nil): return found
        case (nil, var found?):
            addOld(headers, to: &found)
            return found
        case (let found?, let other?) where found.address == other.address: return found
        // A proxy that writes the one mostly lets the other one through as the client sent it. Which of them is the
        // proxy's cannot be told where they differ, so neither is believed.
        default: return ClientOrigin(address: peer.text)
        }
    }

    private func walk(_ hops: [ForwardedElement], from peer: PeerAddress) -> ClientOrigin {
        var client = ClientOrigin(address: peer.text)
        for hop in hops {
            client.scheme = hop.scheme ?? client.scheme
            client.host = hop.host ?? client.host
            switch hop.node {
            case .address(let address):
                client.address = address.description
                if !contains(address) { return client }
            case .obfuscated(let name):
                client.address = name
                return client
            case .unknown:
                return client
            }
        }
        return client
    }

    /// The fields that go with `X-Forwarded-For`: the nearest proxy's word, which comes last.
    private func addOld(_ headers: HTTPHeaders, to client: inout ClientOrigin) {
        func last(_ name: String) -> String? {
            guard let value = headers.values(of: name).last, value.utf8.count <= 512 else { return nil }
            return value.split(separator: ",").last.map { String(ForwardedFields.trimmed($0)) }
        }
        client.scheme = last("x-forwarded-proto").flatMap { given in
            ["http", "https"].first { $0 == given.lowercased() }
        }
        client.host = last("x-forwarded-host").flatMap { ForwardedElement.isHost($0) ? $0 : nil }
    }
}

/// The other end of a connection.
public struct PeerAddress: Sendable, Equatable {
    public let text: String
    public let address: IPAddress?

    /// From the kernel's spelling; that of an IPv4 peer is the same on every kind of socket.
    public init(_ text: String) {
        address = IPAddress(text)
        self.text = address.map { $0.isIPv4 ? $0.description : text } ?? text
    }
}
