/// Hosts that are no provider's, though their spelling is sound: a key sent there would be lost, or a cloud's metadata
/// service asked in the server's name.
extension BaseURL {
    /// What is wrong with the host; `nil` for nothing. Loopback and private addresses are fine: models run there. Names
    /// are not looked up. O(length).
    var hostProblem: String? {
        if let octets = IPLiteral.v4(host) { return Self.problem(v4: octets) }
        if let groups = IPLiteral.v6(host) { return Self.problem(v6: groups) }
        if host.utf8.last == UInt8(ascii: ".") { return "is a name with a dot behind it; write it without" }
        if ["metadata.google.internal", "metadata.goog", "instance-data"].contains(host) {
            return "is a cloud's metadata service"
        }
        let last = host.utf8.split(separator: UInt8(ascii: ".")).last ?? host.utf8[...]
        // What looks like a number the system's resolver reads as an address: `127.1`, `2130706433`, `0x7f000001`.
        let isNumber = last.allSatisfy { (0x30...0x39).contains($0) } || last.starts(with: "0x".utf8)
        return isNumber ? "is an address in an unusual spelling; write four decimal numbers" : nil
    }

    private static func problem(v4 octets: [UInt8]) -> String? {
        switch (octets[0], octets[1]) {
        case (0, _): "is no address that can be asked"
        case (169, 254): "is a link-local address, where clouds have their metadata service"
        case (224..., _): "is no address of one machine"
        default: nil
        }
    }

    private static func problem(v6 groups: [UInt16]) -> String? {
        if groups.allSatisfy({ $0 == 0 }) { return "is no address that can be asked" }
        if groups[0] & 0xffc0 == 0xfe80 { return "is a link-local address" }
        if groups[0] & 0xff00 == 0xff00 { return "is no address of one machine" }
        // The same address once more within IPv6: ::ffff:0:0/96, ::/96 and 64:ff9b::/96.
        let isWithin = groups[..<5].allSatisfy { $0 == 0 } && (groups[5] == 0xffff || groups[5] == 0 && groups[6] != 0)
        let isTranslated = groups[..<6].elementsEqual([0x64, 0xff9b, 0, 0, 0, 0])
        return isWithin || isTranslated ? "is an IPv4 address within IPv6; write it as IPv4" : nil
    }
}
