import Base
import Models
import Testing

@Suite("Telling the calls of a stream apart")
struct ToolCallTrackerTests {
    static func delta(
        _ index: Int, _ id: String? = nil, _ name: String? = nil, _ arguments: String = ""
    ) -> ToolCallDelta {
        ToolCallDelta(index: index, id: id, name: name, arguments: arguments)
    }

    /// What calls come of the pieces, each as `id name arguments`.
    static let streams: [(what: String, pieces: [ToolCallDelta], calls: [String])] = [
        (
            "one after another", [delta(0, "a", "f", "{"), delta(0, nil, nil, "}"), delta(1, "b", "g")],
            ["a f {}", "b g "]
        ),
        (
            "interleaved, the numbers in no order",
            [delta(7, "a", "f"), delta(2, "b", "g"), delta(7, nil, nil, "{}"), delta(2, nil, nil, "[]")],
            ["a f {}", "b g []"]
        ),
        ("all with one index", [delta(0, "a", "f", "{}"), delta(0, "b", "f", "{}")], ["a f {}", "b f {}"]),
        (
            "one index and no ids", [delta(0, nil, "f", #"{"n":1}"#), delta(0, nil, "f", #"{"n":2}"#)],
            [#" f {"n":1}"#, #" f {"n":2}"#]
        ),
        (
            "one index and one id", [delta(0, "a", "f", #"{"n":1}"#), delta(0, "a", "f", #"{"n":2}"#)],
            [#"a f {"n":1}"#, #"a f {"n":2}"#]
        ),
        ("the whole call once more", [delta(0, "a", "f", "{}"), delta(0, "a", "f", "{}")], ["a f {}"]),
        ("the id with every piece", [delta(0, "a", "f", "{"), delta(0, "a", nil, "}")], ["a f {}"]),
        ("the name with every piece", [delta(0, nil, "f", "{"), delta(0, nil, "f", "}")], [" f {}"]),
        ("another id with every piece", [delta(0, "a", "f", "{"), delta(0, "b", "", "}")], ["a f {}"]),
        ("empty ids and names", [delta(0, "a", "f", "{"), delta(0, "", "", "}")], ["a f {}"]),
        ("id and name late", [delta(0, nil, nil, "{"), delta(0, "a", "f", "}")], ["a f {}"]),
        (
            "back to an earlier call of the index",
            [delta(0, "a", "f", "{"), delta(0, "b", "g", "{}"), delta(0, "a", nil, "}")], ["a f {}", "b g {}"]
        ),
        (
            "another name under way, and no ids", [delta(0, nil, "f", "{"), delta(0, nil, "g", "{}")],
            [" f {", " g {}"]
        ),
        ("more behind the end", [delta(0, "a", "f", "{} x"), delta(0, nil, nil, "{}")], ["a f {}"]),
        ("brackets that do not match", [delta(0, "a", "f", "{]"), delta(0, nil, nil, "}")], ["a f {]}"]),
        ("numbers at their bounds", [delta(.min, "a", "f", "{}"), delta(.max, "b", "g", "{}")], ["a f {}", "b g {}"]),
    ]

    @Test("pieces find their call", arguments: streams)
    func pieces(_ row: (what: String, pieces: [ToolCallDelta], calls: [String])) {
        var tracker = ToolCallTracker()
        var begun: [Int] = []
        var arguments: [Int: String] = [:]
        for delta in row.pieces {
            guard let piece = tracker.add(delta) else { return #expect(Bool(false), "dropped") }
            if piece.isFirst { begun.append(piece.position) }
            arguments[piece.position, default: ""] += piece.arguments
        }
        #expect(tracker.calls.map { "\($0.id) \($0.name) \($0.arguments)" } == row.calls)
        #expect(begun == Array(row.calls.indices))
        #expect(tracker.calls.indices.map { arguments[$0] } == tracker.calls.map(\.arguments))
        #expect(tracker.dropped == 0)
    }

    @Test("calls beyond the bound are counted, and their pieces go to no other call")
    func bound() {
        var tracker = ToolCallTracker()
        for number in 0..<ToolCallTracker.maxCalls + 3 {
            _ = tracker.add(Self.delta(0, "c\(number)", "f", "{"))
            _ = tracker.add(Self.delta(0, nil, nil, #""n":\#(number)}"#))
        }
        #expect(tracker.calls.count == ToolCallTracker.maxCalls)
        #expect(tracker.dropped == 3)
        #expect(tracker.calls.last?.arguments == #"{"n":1023}"#)
        // A call within the bound goes on.
        #expect(tracker.add(Self.delta(0, "c5", nil, " "))?.position == 5)
    }

    @Test(
        "calls with ids of their own come out whole, however their pieces are cut and mixed",
        arguments: 0..<20 as Range<UInt64>)
    func property(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let count = Int.random(in: 1...6, using: &generator)
            let whole = (0..<count).map { #"{"n":[\#($0),"}\"{"]}"# }
            var rest = whole.map { Array($0) }
            var begun: [Int] = []
            var tracker = ToolCallTracker()
            while let call = rest.indices.filter({ !rest[$0].isEmpty }).randomElement(using: &generator) {
                let piece = String(rest[call].prefix(Int.random(in: 1...5, using: &generator)))
                rest[call].removeFirst(piece.count)
                let isFirst = !begun.contains(call)
                if isFirst { begun.append(call) }
                let added = tracker.add(
                    Self.delta(call * 3 - 4, isFirst ? "c\(call)" : nil, isFirst ? "f" : nil, piece))
                #expect(added?.position == begun.firstIndex(of: call))
            }
            #expect(tracker.calls.map(\.arguments) == begun.map { whole[$0] })
            #expect(tracker.calls.map(\.id) == begun.map { "c\($0)" })
        }
    }
}
