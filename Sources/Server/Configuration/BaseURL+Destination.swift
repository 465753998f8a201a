internal import Base

/// Hosts that are no provider's, though their spelling is sound: a key sent there would be lost, or a cloud's metadata
/// service asked in the server's name.
extension BaseURL {
    /// What is wrong with the host; `nil` for nothing. Loopback and private addresses are fine: models run there. Names
    /// are not looked up: where they lead is judged when they are called. O(length).
    var hostProblem: String? {
        if let address = IPAddress(host) {
            let hasColon = host.utf8.contains(UInt8(ascii: ":"))
            if hasColon, address.isIPv4 { return Self.withinIPv6 }
            if let problem = address.destinationProblem { return problem }
            return Self.older.first { $0.block.contains(address) }?.isIPv4 == true ? Self.withinIPv6 : nil
        }
        if host.utf8.last == UInt8(ascii: ".") { return "is a name with a dot behind it; write it without" }
        if ["metadata.google.internal", "metadata.goog", "instance-data"].contains(host) {
            return "is a cloud's metadata service"
        }
        let last = host.utf8.split(separator: UInt8(ascii: ".")).last ?? host.utf8[...]
        // What looks like a number the system's resolver reads as an address: `127.1`, `2130706433`, `0x7f000001`.
        let isNumber = last.allSatisfy { (0x30...0x39).contains($0) } || last.starts(with: "0x".utf8)
        return isNumber ? "is an address in an unusual spelling; write four decimal numbers" : nil
    }

    private static let withinIPv6 = "is an IPv4 address within IPv6; write it as IPv4"

    /// The first one that holds an address says whether it is IPv4 in one of two older ways; ::1 and its neighbours are
    /// IPv6's own.
    private static let older: [(block: AddressBlock, isIPv4: Bool)] = [
        ("64:ff9b::/96", true), ("::/112", false), ("::/96", true),
    ].compactMap { text, isIPv4 in AddressBlock(text).map { ($0, isIPv4) } }
}
