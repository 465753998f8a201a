/// What one party of the internet can be told by: an IPv4 address, or the first 64 bits of an IPv6 address, since
/// whoever has one of those has all of its network.
public struct ClientNetwork: Hashable, Sendable {
    private enum Family: Hashable {
        case v4, v6, unknown
    }

    private let family: Family
    private let bits: UInt64

    private init(_ family: Family, _ bits: UInt64) {
        self.family = family
        self.bits = bits
    }

    /// All whose address is not known, together.
    public static let unknown = ClientNetwork(.unknown, 0)

    /// Of four octets; `unknown` for another number.
    public init(v4 octets: [UInt8]) {
        self = octets.count == 4 ? ClientNetwork(.v4, octets.reduce(0) { $0 << 8 | UInt64($1) }) : .unknown
    }

    /// Of eight groups; an IPv4 address within IPv6 counts as what it is. `unknown` for another number.
    public init(v6 groups: [UInt16]) {
        guard groups.count == 8 else {
            self = .unknown
            return
        }
        let isMapped = groups[..<5].allSatisfy { $0 == 0 } && groups[5] == 0xffff
        let part = isMapped ? groups[6...] : groups[..<4]
        self.init(isMapped ? .v4 : .v6, part.reduce(0) { $0 << 16 | UInt64($1) })
    }
}
