extension String {
    /// The most of the text that fits into so many UTF-8 bytes without cutting through a scalar.
    func beginning(ofBytes bytes: Int) -> String {
        String(self[...].beginning(ofBytes: bytes))
    }

    /// How many UTF-8 bytes two texts have in common from their beginning, in whole scalars.
    func commonBeginning(with other: String) -> Int {
        zip(unicodeScalars, other.unicodeScalars).prefix { $0 == $1 }.reduce(0) { $0 + String($1.0).utf8.count }
    }

    /// The text in pieces of about so many UTF-8 bytes, which joined are the text.
    func pieces(ofBytes bytes: Int) -> [String] {
        var pieces: [String] = []
        var rest = self[...]
        while !rest.isEmpty {
            // No scalar has more than four bytes, so each piece has one.
            let piece = String(rest.beginning(ofBytes: max(4, bytes)))
            pieces.append(piece)
            rest = rest[rest.utf8.index(rest.startIndex, offsetBy: piece.utf8.count)...]
        }
        return pieces
    }
}

extension Substring {
    fileprivate func beginning(ofBytes bytes: Int) -> Substring {
        guard utf8.count > bytes else { return self }
        var end = utf8.index(startIndex, offsetBy: Swift.max(0, bytes))
        // Within a scalar there are only bytes that go on with it.
        while end > startIndex, end < endIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return self[..<end]
    }
}
