/// Finds the names that a mistyped one probably meant.
public enum NearestNames {
    /// The at most `limit` candidates within a third of the name's length (at least two edits), nearest first, ties in
    /// the order given. Bounded: names are cut at 64 bytes. O(candidates × 64²).
    public static func of(_ name: String, in candidates: [String], limit: Int = 3) -> [String] {
        let wanted = Array(name.lowercased().utf8.prefix(64))
        let tolerance = max(2, wanted.count / 3)
        let scored = candidates.enumerated().compactMap { index, candidate -> (Int, Int, String)? in
            let bytes = Array(candidate.lowercased().utf8.prefix(64))
            let distance = wanted.count > 2 && bytes.starts(with: wanted) ? 1 : editDistance(wanted, bytes)
            return distance <= tolerance ? (distance, index, candidate) : nil
        }
        return scored.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.prefix(limit).map(\.2)
    }

    static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.isEmpty { return right.count }
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
