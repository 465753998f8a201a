/// The shapes of a model's name under which the catalogue may have it.
enum ModelName {
    /// Bytes of the longest name that is looked up.
    static let longest = 256

    /// Real names have fewer parts; a client's name may have as many as fit.
    private static let mostFamilies = 8

    struct Form: Equatable {
        var name: String
        /// Whether the name means the model under other terms (`:free`), so that its prices are not those listed.
        var hasOtherPrices: Bool
    }

    /// The name itself, then without what follows its last `:` (a router's offer), then without what follows its last
    /// `@` (a version), then without a date at its end.
    static func forms(of name: String) -> [Form] {
        var forms = [Form(name: name, hasOtherPrices: false)]
        var rest = name.utf8[...]
        var hasOtherPrices = false
        func add() {
            if let text = String(rest) { forms.append(Form(name: text, hasOtherPrices: hasOtherPrices)) }
        }
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")), colon > rest.startIndex {
            rest = rest[..<colon]
            hasOtherPrices = true
            add()
        }
        if let at = rest.lastIndex(of: UInt8(ascii: "@")), at > rest.startIndex {
            rest = rest[..<at]
            add()
        }
        for pattern in ["-dddd-dd-dd", "-dddddddd"] where ends(rest, with: pattern) {
            rest = rest.dropLast(pattern.utf8.count)
            add()
            break
        }
        return forms
    }

    /// What stands after the last slash: the name without its maker's.
    static func bare(_ name: String) -> String {
        guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name }
        return String(name[name.utf8.index(after: slash)...])
    }

    /// The names that this one begins with, the longest first, each cut before a `-`, `:` or `@`. A small number after
    /// the cut would make it another version, which may have other limits, so it is not cut there.
    static func families(of name: String) -> [String] {
        let bytes = Array(name.utf8)
        let cuts = bytes.indices.reversed().lazy.filter { $0 > 0 && "-:@".utf8.contains(bytes[$0]) }
        return cuts.prefix(mostFamilies).compactMap { index in
            let number = bytes[(index + 1)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            let next = number.endIndex < bytes.endIndex ? bytes[number.endIndex] : UInt8(ascii: "-")
            let isVersion = (1...2).contains(number.count) && "-.:@".utf8.contains(next)
            return isVersion ? nil : String(decoding: bytes[..<index], as: UTF8.self)
        }
    }

    /// A `d` of the pattern is any digit; something must stand before it.
    private static func ends(_ name: Substring.UTF8View, with pattern: String) -> Bool {
        guard name.count > pattern.utf8.count else { return false }
        return zip(name.suffix(pattern.utf8.count), pattern.utf8).allSatisfy { byte, letter in
            letter == UInt8(ascii: "d") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == letter
        }
    }
}
