public import Base
public import HTTP

/// Who sent a request, as far as it can be told.
public struct ClientOrigin: Sendable {
    /// `nil` of a client that a trusted proxy hides, and of a peer that was gone before it was asked.
    public let address: IPAddress?
    /// What a proxy, or the kernel, calls it; `nil` where the address says it.
    private let name: String?

    /// The other end of the connection itself.
    public init(_ peer: PeerAddress) {
        address = peer.address
        name = peer.text
    }

    init(_ address: IPAddress) {
        self.address = address
        name = nil
    }

    init(hidden name: String) {
        address = nil
        self.name = name
    }

    /// A numeric address, or the name that a trusted proxy made up for a client that it hides (`_hidden`); perhaps
    /// empty. Made anew at each call for a client behind a proxy, so it is for the log and not for decisions.
    public var text: String { name ?? address?.description ?? "" }
}

extension ClientOrigin: Equatable {
    /// By the address; where there is none by the name.
    public static func == (left: ClientOrigin, right: ClientOrigin) -> Bool {
        left.address == right.address && (left.address != nil || left.name == right.name)
    }
}

/// Finds the client behind proxies: from the peer leftward through the hops that trusted proxies have written down, to
/// the first one that is no trusted proxy. What anybody else has written is not looked at. A pure function of the
/// configuration, the peer and the head.
public struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]

    public init(_ blocks: [AddressBlock]) { self.blocks = blocks }

    /// O(blocks).
    public func contains(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// Costs a comparison where no proxy is trusted, else under a microsecond; no allocation but for a hidden client.
    public func client(of peer: PeerAddress, headers: HTTPHeaders) -> ClientOrigin {
        let direct = ClientOrigin(peer)
        guard !blocks.isEmpty, let address = peer.address, contains(address) else { return direct }
        let forwarded = headers.contains(ForwardedFields.forwarded.name) ? walk(headers, .forwarded, direct) : nil
        let list = headers.contains(ForwardedFields.list.name) ? walk(headers, .list, direct) : nil
        switch (forwarded, list) {
        case (let found?, nil), (nil, let found?): return found
        case (let found?, let other?) where found == other: return found
        // A proxy that writes the one mostly lets the other one through as the client sent it. Which of them is the
        // proxy's cannot be told where they differ, so neither is believed.
        default: return direct
        }
    }

    private func walk(_ headers: HTTPHeaders, _ fields: ForwardedFields, _ direct: ClientOrigin) -> ClientOrigin {
        var client = direct
        fields.hops(headers) { hop in
            switch hop {
            case .address(let address):
                client = ClientOrigin(address)
                return contains(address)
            case .obfuscated(let name):
                client = ClientOrigin(hidden: name)
                return false
            case .unknown:
                return false
            }
        }
        return client
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
