import Foundation

/// One thing that is done for a client in two ways: with an upstream of its own dialect and with one of the other.
struct Pair {
    let key: String
    let client: String
    /// What a figure is divided by.
    var units = 1
    let same: () throws -> Int
    let other: () throws -> Int
}

extension DialectBench {
    static let rounds = 15
    /// Of one way in one round, in microseconds: long against the clock's step, short against the machine's moods.
    static let turn = 10_000.0

    /// A member of the result for each key. Medians over the rounds, in which all ways take turns; `over` is the
    /// difference within a round.
    static func measure(_ pairs: [Pair]) throws -> [String] {
        let runs = try pairs.map { (same: try repeats(of: $0.same), other: try repeats(of: $0.other)) }
        var samples = [[(same: Double, other: Double)]](repeating: [], count: pairs.count)
        for _ in 0..<rounds {
            for (index, pair) in pairs.enumerated() {
                let same = try microseconds(runs[index].same, pair.same) / Double(pair.units)
                let other = try microseconds(runs[index].other, pair.other) / Double(pair.units)
                samples[index].append((same, other))
            }
        }
        var keys: [String] = []
        for pair in pairs where !keys.contains(pair.key) { keys.append(pair.key) }
        return keys.map { key in
            let clients = pairs.indices.filter { pairs[$0].key == key }.map { index in
                """
                "\(pairs[index].client)": {"same": \(median(samples[index].map(\.same))), \
                "translated": \(median(samples[index].map(\.other))), \
                "over": \(median(samples[index].map { $0.other - $0.same }))}
                """
            }
            return "\"\(key)\": {\(clients.joined(separator: ", "))}"
        }
    }

    /// How often a turn does it.
    private static func repeats(of body: () throws -> Int) throws -> Int {
        var runs = 1
        while true {
            let took = try microseconds(runs, body) * Double(runs)
            if took > turn / 4 { return max(1, Int(Double(runs) * turn / took)) }
            runs *= 2
        }
    }

    /// The process's CPU time of one run, so that what else the machine does counts less.
    private static func microseconds(_ runs: Int, _ body: () throws -> Int) throws -> Double {
        var written = 0
        let start = clock()
        for _ in 0..<runs { written &+= try body() }
        let took = clock() - start
        // Never so; but nothing of the work may be left out for having no use.
        if written < 0 { print(written) }
        return Double(took) / Double(runs)
    }

    private static func median(_ values: [Double]) -> Double {
        (values.sorted()[values.count / 2] * 1000).rounded() / 1000
    }
}
