/// A provider of the catalogue: where it is reached, and whose models it resells.
struct CatalogueProvider: Sendable, Hashable {
    var name: String
    /// Host names in lower case; a `*` stands for one or more characters without a dot.
    var hosts: [String] = []
    /// For a provider that passes other makers' models on at their prices: what stands before the first slash of a
    /// model's name, and the provider whose rows it means.
    var makers: [String: String] = [:]

    func isReached(at host: String) -> Bool {
        hosts.contains { Self.matches(host, $0) }
    }

    private static func matches(_ host: String, _ pattern: String) -> Bool {
        guard let star = pattern.utf8.firstIndex(of: UInt8(ascii: "*")) else { return host == pattern }
        let before = pattern.utf8[..<star]
        let after = pattern.utf8[star...].dropFirst()
        guard host.utf8.count > before.count + after.count, host.utf8.starts(with: before) else { return false }
        let rest = host.utf8.dropFirst(before.count)
        return rest.suffix(after.count).elementsEqual(after)
            && !rest.dropLast(after.count).contains(UInt8(ascii: "."))
    }
}
