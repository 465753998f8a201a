import Testing

@testable import Server

@Suite("The YAML tree")
struct YAMLTreeTests {
    private func read(_ text: String) -> (root: YAMLNode?, problems: [YAMLProblem]) { YAMLTree.read(Array(text.utf8)) }

    /// `line:column: sentence` of every problem.
    private func problems(_ text: String) -> [String] {
        read(text).problems.map { "\($0.place.line):\($0.place.column): \($0.sentence)" }
    }

    @Test("keeps order, places and whether a text was quoted")
    func keepsEverything() throws {
        let (root, problems) = read("a: 1\nb:\n  - \"x\"\n  - y: |\n      z\nc: [p, {q: ~}]\n")
        #expect(problems.isEmpty)
        guard case .map(let entries)? = root?.value else {
            Issue.record("no map")
            return
        }
        #expect(entries.map(\.key) == ["a", "b", "c"])
        #expect(
            entries.map(\.place) == [.init(line: 1, column: 1), .init(line: 2, column: 1), .init(line: 6, column: 1)])
        #expect(entries[0].node == YAMLNode(place: .init(line: 1, column: 4), value: .scalar(text: "1", quoted: false)))
        guard case .list(let items) = entries[1].node.value, case .map(let inner) = items[1].value else {
            Issue.record("no list")
            return
        }
        #expect(items[0] == YAMLNode(place: .init(line: 3, column: 5), value: .scalar(text: "x", quoted: true)))
        #expect(inner[0].node.value == .scalar(text: "z\n", quoted: true))
        guard case .list(let flow) = entries[2].node.value, case .map(let last) = flow[1].value else {
            Issue.record("no flow list")
            return
        }
        #expect(last[0].node.isNull)
    }

    @Test("takes a reference to a variable anywhere, also unquoted inside braces, without moving a column")
    func takesReferences() {
        let (root, problems) = read("{ a: ${X}, b: 'x${Y}z', c: $${Z} }")
        #expect(problems.isEmpty)
        guard case .map(let entries)? = root?.value else {
            Issue.record("no map")
            return
        }
        #expect(
            entries.map(\.node.value) == [
                .scalar(text: "${X}", quoted: false), .scalar(text: "x${Y}z", quoted: true),
                .scalar(text: "$${Z}", quoted: false),
            ])
        #expect(entries.map(\.place.column) == [3, 12, 25])
    }

    @Test("nothing written is nothing", arguments: ["", "\n\n", "# only a comment\n", "\u{feff}", "---\n", "~"])
    func empty(text: String) {
        let (root, problems) = read(text)
        #expect(root?.isNull ?? true)
        #expect(problems.isEmpty)
    }

    @Test(
        "refuses what a configuration has no use for, and says where",
        arguments: [
            ("a: &x 1", ["1:4: Anchors (&name) are not supported; write the value out."]),
            ("a: *x", ["1:4: Aliases (*name) are not supported; write the value out."]),
            ("a: !!str 1", ["1:4: Tags (!name) are not supported; quote the value if it is text."]),
            ("a: !x [1]", ["1:4: Tags (!name) are not supported; quote the value if it is text."]),
            ("a:\n  <<: {b: 1}", ["2:3: Merge keys (<<) are not supported; write the values out."]),
            ("a: 1\nb: 2\na: 3", ["3:1: This key is here twice. The first is in line 1."]),
            ("{a: 1, \"a\": 2}", ["1:8: This key is here twice. The first is in line 1."]),
            ("? [a]\n: b", ["1:3: A key must be a single word, not a list or a map."]),
            ("? {a: b}\n: c", ["1:3: A key must be a single word, not a list or a map."]),
            ("\"\": x", ["1:1: A key must not be empty."]),
            ("a: 1\n---\nb: 2", ["2:1: Only one document may be in the file."]),
            ("%TAG ! tag:x,2000:\n---\na: 1", ["1:1: Directives (%TAG) are not supported."]),
            ("a: [1", ["2:1: This is not valid YAML: did not find expected ',' or ']'."]),
            ("a: b: c", ["1:5: This is not valid YAML: mapping values are not allowed in this context."]),
            ("a:\n\tb: 1", ["2:1: This is not valid YAML: found character that cannot start any token."]),
            ("a: \"x", ["1:6: This is not valid YAML: found unexpected end of stream."]),
            ("a: \u{1}", ["1:4: The text cannot be read here: control characters are not allowed."]),
            ("a: x\u{0}y", ["1:5: The text cannot be read here: control characters are not allowed."]),
            (
                "a: &x 1\nb: *x\nb: 2",
                [
                    "1:4: Anchors (&name) are not supported; write the value out.",
                    "2:4: Aliases (*name) are not supported; write the value out.",
                    "3:1: This key is here twice. The first is in line 2.",
                ]
            ),
        ] as [(String, [String])])
    func refuses(text: String, expected: [String]) {
        #expect(problems(text) == expected)
    }

    @Test("text that is no UTF-8 is refused at its first wrong byte")
    func refusesOtherEncodings() {
        let utf16 = YAMLTree.read([0xff, 0xfe, 0x61, 0, 0x3a, 0, 0x20, 0, 0x31, 0])
        #expect(utf16.root == nil)
        #expect(utf16.problems.map(\.place) == [.init(line: 1, column: 1)])
        let latin = YAMLTree.read(Array("a: 1\nb: ä".utf8.dropLast()) + [0x0a])
        #expect(latin.problems.map(\.place) == [.init(line: 2, column: 5)])
    }

    @Test("64 levels are taken, the 65th is refused at its place")
    func depth() {
        let fine = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(read(fine).problems.isEmpty)
        #expect(problems("[" + fine + "]") == ["1:65: Nested deeper than 64 levels."])
        let block =
            (0..<65).map { String(repeating: " ", count: $0) + "a:\n" }.joined() + String(repeating: " ", count: 65)
        #expect(problems(block + "b") == ["65:65: Nested deeper than 64 levels."])
    }

    @Test("10,000 values are taken, one more is refused at its place")
    func values() {
        let fine = "[" + String(repeating: "x,", count: 9_999) + "]"
        #expect(read(fine).problems.isEmpty)
        let over = "[" + String(repeating: "x,", count: 10_000) + "]"
        #expect(problems(over) == ["1:20000: The file has more than 10000 values."])
    }

    @Test("over 256 KB is refused before anything is read")
    func size() {
        #expect(
            problems(String(repeating: "#", count: (256 << 10) + 1)) == ["1:1: The file is over the limit of 256 KB."])
        #expect(problems(String(repeating: "#", count: 256 << 10)).isEmpty)
    }

    @Test("an endless list of problems is cut")
    func manyProblems() {
        let found = problems((0..<200).map { "k\($0): *x\n" }.joined())
        #expect(found.count == YAMLTree.problemLimit + 1)
        #expect(found.last == "21:6: There are more problems from here on.")
    }

    @Test("hostile texts are answered with a place within 50 ms", arguments: HostileText.all)
    func hostile(text: HostileText) {
        let bytes = Array(text.text.utf8)
        var best = Duration.seconds(60)
        for _ in 0..<3 {
            let start = ContinuousClock.now
            let found = YAMLTree.read(bytes).problems
            best = min(best, ContinuousClock.now - start)
            #expect(!found.isEmpty)
            #expect(found.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 && !$0.sentence.isEmpty })
        }
        #expect(best < HostileText.patience)
    }
}

/// Small texts that have brought YAML readers down.
struct HostileText: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var text: String

    /// How long an answer may take; unoptimised code is given more.
    #if DEBUG
    static let patience = Duration.milliseconds(500)
    #else
    static let patience = Duration.milliseconds(50)
    #endif

    static let all: [HostileText] = [
        .init(testDescription: "alias bomb", text: bomb),
        .init(testDescription: "5,000 open lists", text: String(repeating: "[", count: 5_000)),
        .init(testDescription: "5,000 open maps", text: String(repeating: "{a: ", count: 5_000)),
        .init(testDescription: "5,000 lists, closed", text: repeated("[", 5_000) + repeated("]", 5_000)),
        .init(testDescription: "5,000 lists on lines", text: repeated("[\n", 5_000)),
        .init(testDescription: "5,000 dashes", text: repeated("- ", 5_000)),
        .init(testDescription: "5,000 question marks", text: repeated("? ", 5_000)),
        .init(testDescription: "5,000 colons", text: repeated("a:", 5_000) + " "),
        .init(
            testDescription: "nested block maps",
            text: (0..<600).map { repeated(" ", $0) + "a:\n" }.joined()),
        .init(testDescription: "20,000 keys", text: (0..<20_000).map { "k\($0): v\n" }.joined()),
        .init(testDescription: "one key 5,000 times", text: repeated("a: 1\n", 5_000)),
        .init(testDescription: "5,000 documents", text: repeated("---\n", 5_000)),
        .init(testDescription: "5,000 directives", text: repeated("%TAG !a! b\n", 5_000)),
    ]

    private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    private static var bomb: String {
        var text = "a: &a [\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\",\"lol\"]\n"
        for (level, previous) in zip(
            ["b", "c", "d", "e", "f", "g", "h", "i"], ["a", "b", "c", "d", "e", "f", "g", "h"])
        {
            text += "\(level): &\(level) [" + (0..<9).map { _ in "*\(previous)" }.joined(separator: ",") + "]\n"
        }
        return text
    }
}
