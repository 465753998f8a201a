internal import Base

/// Who may connect: so many connections in all, and so many of one client. Has one entry for each client that is
/// connected, so it is bounded by the limit in all. A pure machine.
struct ConnectionLedger: Sendable {
    private let total: Int
    private let perAddress: Int
    private var exempt: [AddressBlock]
    private var count = 0
    private var byClient: [IPAddress: Int] = [:]

    init(limits: ServerLimits) {
        total = limits.maxConnections
        perAddress = limits.maxConnectionsPerAddress
        exempt = limits.trustedProxies
    }

    /// Whether a connection from `address` may begin; it is counted then.
    mutating func begin(_ address: IPAddress?) -> Bool {
        guard count < total else { return false }
        if let client = counted(address) {
            let others = byClient[client] ?? 0
            guard others < perAddress else { return false }
            byClient[client] = others + 1
        }
        count += 1
        return true
    }

    /// A connection that had begun has ended.
    mutating func end(_ address: IPAddress?) {
        count = max(0, count - 1)
        guard let client = counted(address), let open = byClient[client] else { return }
        byClient[client] = open > 1 ? open - 1 : nil
    }

    /// Other proxies from now on. Whoever is connected is counted anew, so that each ends as it is counted.
    /// O(connections).
    mutating func exempt(_ proxies: [AddressBlock], open: some Sequence<IPAddress?>) {
        exempt = proxies
        byClient = [:]
        for address in open {
            if let client = counted(address) { byClient[client, default: 0] += 1 }
        }
    }

    /// Under which client a connection counts; `nil` where none do. Behind a proxy there are many.
    private func counted(_ address: IPAddress?) -> IPAddress? {
        guard perAddress > 0, let address, !exempt.contains(where: { $0.contains(address) }) else { return nil }
        return address.subscriber
    }

    /// The clients with connections now.
    var clients: Int { byClient.count }
}
