internal import Base
internal import HTTP
internal import Synchronization

/// Keeps web pages of other origins, and names that were rebound to this machine, from spending the user's keys.
final class HostAndOrigin: Sendable {
    private let hosts: Set<String>
    private let origins: Set<String>
    /// The host that was accepted last, as it was sent: clients send the same one again and again.
    private let lastKnown = Mutex("")

    /// `hosts` and `origins` beside the built-in ones, in lower case.
    init(hosts: [String], origins: [String]) {
        self.hosts = Set(hosts)
        self.origins = Set(origins)
    }

    func check(_ head: RequestHead) throws(CodedError) {
        let sent = head.host ?? ""
        guard isAccepted(sent) else {
            throw CodedError(
                .forbiddenHost,
                "The Host header names neither an address nor localhost. Add the name to `server.hosts` to allow it.")
        }
        guard head.headers.contains("origin") else { return }
        let given = head.headers.values(of: "origin")
        guard let origin = given.first else { return }
        guard given.count == 1, isAllowed(origin.lowercased(), host: sent.lowercased()) else {
            throw CodedError(
                .forbiddenOrigin,
                "A web page of another origin sent this. Add its origin to `server.origins` to allow it.")
        }
    }

    private func isAccepted(_ sent: String) -> Bool {
        if !sent.isEmpty, lastKnown.withLock({ $0 == sent }) { return true }
        guard isKnown(sent.lowercased()) else { return false }
        lastKnown.withLock { $0 = sent }
        return true
    }

    private func isKnown(_ host: String) -> Bool {
        let name = HostAndOrigin.withoutPort(host)
        if name == "localhost" || hosts.contains(String(name)) || hosts.contains(host) { return true }
        let isBracketed = name.utf8.first == UInt8(ascii: "[")
        let address = isBracketed ? name.dropFirst().dropLast() : name
        // A colon belongs in brackets, and they hold nothing else.
        return IPAddress(address) != nil && address.utf8.contains(UInt8(ascii: ":")) == isBracketed
    }

    /// A page that this server itself gave out, or one of a configured origin.
    private func isAllowed(_ origin: String, host: String) -> Bool {
        origins.contains(origin) || origin == "http://\(host)" || origin == "https://\(host)"
    }

    static func withoutPort(_ host: String) -> Substring {
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return "" }
            let rest = host[host.index(after: end)...]
            return rest.isEmpty || isPort(rest) ? host[...end] : ""
        }
        guard let colon = host.firstIndex(of: ":") else { return host[...] }
        return isPort(host[colon...]) ? host[..<colon] : ""
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.count <= 6 && text.utf8.first == UInt8(ascii: ":")
            && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}
