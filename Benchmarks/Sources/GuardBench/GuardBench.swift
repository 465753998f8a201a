import Foundation
import Models
import Orchestrator

/// How fast the output guard goes through the events of an answer, as a turn does. Prints one JSON object: of each text, policy and size of the pieces,
/// megabytes a second of the process's CPU time. Run it in release, on an idle machine.
@main
struct GuardBench {
    static let rounds = 12
    static let bytes = 4 << 20

    /// Prose as models write it, with a number here and there; and lines full of what only looks like a finding.
    static let texts = [
        (
            "prose",
            """
            It was late in the afternoon when the two of them reached the harbour, and the light on the water had already \
            begun to turn. Nobody spoke for a while; then somebody laughed, and the whole of the long journey (12 days, 3 \
            of them in rain) seemed to belong to other people. "Tomorrow," she said, "we should write it all down."

            """
        ),
        (
            "numbers",
            """
            2024-01-15T10:30:45.123Z GET /v1/items/4155552671 200 12.5 ms 10.0.0.12 550e8400-e29b-41d4-a716-446655440000
            Version 2.14.3 replaces 2.14.2; the invoice of 12.03.2024 is over 1,234,567.89 EUR, EAN 4006381333931.

            """
        ),
    ]

    static func main() {
        var members: [String] = []
        for (name, text) in texts {
            let answer = String(repeating: text, count: bytes / text.utf8.count + 1)
            for policy in [GuardSettings.OutputPolicy.flag, .redact] {
                for size in [4, 64, 16 << 10] {
                    let speed = speed(pieces(of: answer, size), policy, answer.utf8.count)
                    members.append("\"\(name)_\(policy)_\(size)_mb_s\": \((speed * 10).rounded() / 10)")
                }
            }
        }
        print("{\(members.joined(separator: ", "))}")
    }

    private static func pieces(of text: String, _ size: Int) -> [ModelEvent] {
        var pieces: [ModelEvent] = []
        var rest = text.utf8[...]
        while !rest.isEmpty {
            // The texts are ASCII, so no character is cut.
            pieces.append(ModelEvent(.text(String(decoding: rest.prefix(size), as: UTF8.self))))
            rest = rest.dropFirst(size)
        }
        return pieces
    }

    /// The best of the rounds.
    private static func speed(_ pieces: [ModelEvent], _ policy: GuardSettings.OutputPolicy, _ count: Int) -> Double {
        var best = 0.0
        for _ in 0..<rounds {
            guard var stream = GuardedStream(GuardSettings(output: policy)) else { return 0 }
            var shown = 0
            var passed: [ModelEvent] = []
            let start = clock()
            for piece in pieces {
                stream.take(piece, into: &passed)
                shown += length(of: passed)
                passed.removeAll(keepingCapacity: true)
            }
            stream.finish(into: &passed)
            shown += length(of: passed)
            let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            guard shown == count else { fatalError("The guard found something.") }  // A bench of nothing.
            best = max(best, Double(count) / 1e6 / max(seconds, 1e-9))
        }
        return best
    }

    private static func length(of events: [ModelEvent]) -> Int {
        events.reduce(0) { if case .text(let text) = $1.kind { $0 + text.utf8.count } else { $0 } }
    }
}
