import Base
import Testing

@testable import Graph

/// Names and shapes that somebody else thought of.
@Suite struct HostileDrawingTests {
    private static let names = [
        "end", "", " ", "\"]; n1-->n2", "a\nn9[\"b\"]\n", "%%{init: {\"securityLevel\": \"loose\"}}%%", "%% comment",
        "<script>alert(1)</script>", "#quot;", "ﬂ°lt¶ß", "`**bold**`", "1. list", "- list", "a_b-c__d", "style x:#fff;",
        "\u{1B}[2J\u{7}", "\u{202E}txt.exe", "\\n", "日本語のノード", "👩‍👩‍👧‍👦 family", "é\u{301}\u{302}",
        "tab\tand\r\nline", "www.example.org", "a  b", "$$x^2$$", "subgraph", "class n0 failed", "---", "\u{0}",
    ]
    private static let long = [
        String(repeating: "x", count: 10_240), String(repeating: "語", count: 10_240),
        "z" + String(repeating: "\u{301}", count: 10_240), String(repeating: "\"];\n", count: 2560),
    ]

    private func chain(_ names: [String]) throws -> Graph<Board, Never> {
        let builder = GraphBuilder<Board, Never>(names[0])
        for name in names { builder.node(name) { _ in } }
        for (name, next) in zip(names, names.dropFirst()) { builder.edge(name, to: next) }
        return try builder.start(names[0]).end(names[names.count - 1]).build()
    }

    @Test("in Mermaid's text every name is one label of letters, digits and character numbers")
    func mermaidLabels() throws {
        let names = Self.names + Self.long
        let graph = try chain(names)
        var tally = RunTally()
        for name in names { tally.note(RunEvent<Never>.nodeFinished(node: name, round: 1, duration: .zero)) }
        let text = graph.mermaid(of: tally)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // Head, start, nodes, stop, links of the chain and its two ends, the class and its use, the last newline.
        #expect(lines.count == 2 + names.count + 1 + names.count + 1 + 2 + 1)
        let label = #/    n\d+\["(?:[A-Za-z0-9 _-]|[^\x00-\x7F]|#\d+;)+<br/>✓ 0\.0 ms"\]/#
        for line in lines[2..<(2 + names.count)] {
            #expect(line.wholeMatch(of: label) != nil, "\(line)")
            #expect(line.utf8.count < 1000)
        }
        #expect(Mermaid.escaped("a_b-c__d") == "a_b-c#95;#95;d")
        #expect(Mermaid.escaped(" a  b c") == "#32;a#32;#32;b c")
        #expect(Mermaid.escaped("ﬂ°lt¶ß") == "#64258;°lt#182;ß")
    }

    @Test("in a terminal every name stays in its line and its columns")
    func terminalNames() throws {
        let names = Self.names + Self.long
        let graph = try chain(names)
        let text = graph.plainText()
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 1 + names.count + 1)
        for line in lines {
            #expect(DrawnText.columns(String(line)) <= 100)
            #expect(
                line.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{202E}" && $0.value != 0x2028 })
        }
        #expect(DrawnText.name("\u{1B}[2J", columns: 9) == "�[2J")
        #expect(DrawnText.name("", columns: 9) == "\"\"")
        #expect(DrawnText.name("日本語のノード", columns: 9) == "日本語の…")
        #expect(DrawnText.name("123456789", columns: 9) == "123456789")
        #expect(DrawnText.name("1234567890", columns: 9) == "12345678…")
    }

    @Test("targets without room are counted, and no line is too wide")
    func manyTargets() throws {
        let names = (0..<40).map { "a rather long name of node \($0)" }
        let builder = GraphBuilder<Board, Never>("wide").node("fan") { _ in }.start("fan")
        for name in names { builder.node(name) { _ in }.edge("fan", to: name).end(name) }
        let lines = try builder.build().plainText().split(separator: "\n")
        #expect(
            lines[1] == "  fan                               → a rather long name of n…, a rather long name of n… +38")
        #expect(lines.allSatisfy { DrawnText.columns(String($0)) <= 100 })
    }

    @Test("every graph is drawn whole, in an order in which no edge but a loop's leads up", arguments: 0..<200)
    func randomGraphs(seed: Int) throws {
        for random in [RandomGraph.acyclic(seed: UInt64(seed)), .cyclic(seed: UInt64(seed))] {
            let graph = try random.build(rounds: Rounds(random.count))
            let order = Outline(graph.topology).lines.map(\.node)
            #expect(order.sorted() == Array(0..<random.count))
            var place = Array(repeating: 0, count: random.count)
            for (line, node) in order.enumerated() { place[node] = line }
            for (index, edge) in graph.topology.edges.enumerated() where !graph.topology.isBack[index] {
                #expect(place[edge.source] < place[edge.target])
            }
            let links = graph.topology.edges.count + graph.topology.starts.count + random.ends.count
            #expect(graph.mermaid().split(separator: "\n").count { $0.contains("->") } == links)
        }
    }

    @Test("deep nesting and long chains are drawn without growing to the right")
    func deepGraphs() throws {
        let builder = GraphBuilder<Board, Never>("deep")
        for level in 0..<300 {
            builder.node("a\(level)") { _ in }.node("b\(level)") { _ in }.end("b\(level)")
            if level > 0 { builder.edge("a\(level - 1)", to: "a\(level)", "b\(level)") }
        }
        let text = try builder.start("a0", "b0").end("a299").build().plainText()
        #expect(text.split(separator: "\n").count == 601)
        #expect(text.split(separator: "\n").allSatisfy { $0.count < 60 })
    }
}
