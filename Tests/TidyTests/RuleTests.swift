import Testing

/// Every rule, shown to fail where it must and to hold where it may.
@Suite("A rule of tidiness")
struct RuleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var rule: Rule
        var path: String
        var text: String
        /// The lines of the breaches, in order.
        var lines: [Int]

        var testDescription: String { "\(rule.name): \(path): \(text.prefix(60).debugDescription)" }

        init(_ rule: Rule, _ path: String, _ text: String, _ lines: [Int]) {
            self.rule = rule
            self.path = path
            self.text = text
            self.lines = lines
        }
    }

    private static let code = "Sources/HTTP/A.swift"
    private static let native = "Sources/HTTP/Native/A.swift"
    private static let test = "Tests/HTTPTests/A.swift"

    private static func function(_ lines: Int, _ head: String = "func f() {") -> String {
        head + "\n" + String(repeating: "    g()\n", count: lines - 2) + "}\n"
    }

    static let examples: [Example] = [
        Example(.roomsAreKnown, "Sources/Cellar/A.swift", "", [1]), Example(.roomsAreKnown, "Sources/A.swift", "", [1]),
        Example(.roomsAreKnown, "Sources/HTTP/Deep/A.swift", "", []),
        Example(.roomsAreKnown, "Sources/CShims/a.c", "", []),

        Example(
            .importsFollowTheTable, code, "import Base\npublic import Telemetry\ninternal import Synchronization", []),
        Example(.importsFollowTheTable, code, "// c\ninternal import Transport", [2]),
        Example(
            .importsFollowTheTable, code, "@testable import Graph\n@_spi(X) public import struct JSON.JSON", [1, 2]),
        Example(.importsFollowTheTable, code, "import Foundation", [1]),
        Example(.importsFollowTheTable, code, "import CUV\nimport Glibc", [1, 2]),
        Example(.importsFollowTheTable, native, "internal import CUV\nimport Glibc\nimport Dispatch", []),
        Example(.importsFollowTheTable, native, "import Server", [1]),
        Example(.importsFollowTheTable, "Sources/TestKit/A.swift", "import Dispatch\nimport Glibc", [2]),
        Example(.importsFollowTheTable, code, "/* import Graph */ let a = \"\nimport Graph\"", [2]),
        Example(.importsFollowTheTable, code, "let a = \"\"\"\nimport Graph\n\"\"\"", []),
        Example(.importsFollowTheTable, "Sources/Server/A.swift", "import Graph\nimport HTTPServer", []),
        Example(.importsFollowTheTable, "Sources/Server/A.swift", "import TestKit", [1]),
        Example(.importsFollowTheTable, "Sources/Orchestrator/A.swift", "import Models\nimport HTTPServer", [2]),
        Example(.importsFollowTheTable, "Sources/JSON/A.swift", "import Telemetry", [1]),

        Example(.unsafeCodeIsNative, code, "let a: UnsafeRawPointer\n\nunsafe f()", [1, 3]),
        Example(.unsafeCodeIsNative, code, "final class A: @unchecked Sendable {}", [1]),
        Example(.unsafeCodeIsNative, code, "nonisolated(unsafe) var a = 1\nUnmanaged.passRetained(x)", [1, 2]),
        Example(.unsafeCodeIsNative, test, "a.withUnsafeBytes { $0 }", [1]),
        Example(.unsafeCodeIsNative, native, "let a: UnsafeRawPointer", []),
        Example(.unsafeCodeIsNative, code, "// unsafe\nlet a = \"unsafe \\(b) Unmanaged\"\nlet c = notunsafe", []),
        Example(.unsafeCodeIsNative, code, "let a = \"\\(unsafe f())\"", [1]),

        Example(
            .timeAndChanceAreInputs, code, "let a = ContinuousClock()\nlet b = SystemClock()\nlet c = Date()",
            [1, 2, 3]),
        Example(.timeAndChanceAreInputs, code, "Int.random(in: 1...2)\na.randomElement()\na.shuffled()", [1, 2, 3]),
        Example(.timeAndChanceAreInputs, code, "Int.random(in: 1...2, using: &g)\na.randomElement(using: &g)", []),
        Example(
            .timeAndChanceAreInputs, code, "var g = SystemRandomNumberGenerator()\ntry await Task.sleep(for: x)",
            [1, 2]),
        Example(.timeAndChanceAreInputs, native, "SystemClock()", []),
        Example(.timeAndChanceAreInputs, "Sources/Server/A.swift", "SystemClock()", []),
        Example(.timeAndChanceAreInputs, test, "ContinuousClock()", []),

        Example(.filesAreShort, code, String(repeating: "a\n", count: 600), []),
        Example(.filesAreShort, code, String(repeating: "a\n", count: 601), [601]),
        Example(.filesAreShort, "docs/a.md", String(repeating: "a\n", count: 601), []),

        Example(.functionsAreShort, code, function(70), []),
        Example(.functionsAreShort, code, "\n" + function(71), [2]),
        Example(.functionsAreShort, code, function(71, "init?(a: Int = { 1 }()) {"), [1]),
        Example(.functionsAreShort, code, function(71, "public static func == (a: A, b: A) -> Bool {"), [1]),
        Example(.functionsAreShort, code, function(71, "var a: Int {"), [1]),
        Example(.functionsAreShort, code, function(71, "subscript(a: Int) -> Int {"), [1]),
        Example(.functionsAreShort, code, function(71, "struct A {"), []),
        Example(
            .functionsAreShort, code,
            "protocol P {\n    func f()\n    func g() -> Int\n}\n" + function(71, "struct A {"), []),
        Example(
            .functionsAreShort, code, function(71, "func f() { // }\n    let a = \"}}\\(\"}\")\"; let b = #\"}\\\"#"),
            [1]),
        Example(
            .functionsAreShort, code,
            function(71, "func f(\n    _ a: [Int: () -> Void] = [:]\n) throws(E) -> (Int, Int) where A == B {"), [1]),

        Example(.namesSaySomething, code, "\nfinal class CacheManager {}", [2]),
        Example(.namesSaySomething, code, "enum StringUtils {}", [1]),
        Example(.namesSaySomething, "Sources/HTTP/PathHelper.swift", "", [1]),
        Example(.namesSaySomething, code, "// a Manager\nstruct Helping {}\nlet a = FileManager.default", []),

        Example(.nothingIsLeftToDo, code, "\n// TODO: later", [2]),
        Example(.nothingIsLeftToDo, "docs/a.md", "FIXME", [1]),
        Example(.nothingIsLeftToDo, "scripts/a", "mktemp XXXXXX\nTODOS", []),

        Example(.trapsHaveReasons, code, "try! f()\na as! B\nfatalError(\"x\")", [1, 2, 3]),
        Example(.trapsHaveReasons, code, "a as! B // The table above holds B alone.\n\"try! as! fatalError(\"", []),
        Example(.trapsHaveReasons, code, "// Why not.\ntry! f()", [2]),
        Example(.trapsHaveReasons, native, "fatalError(\"x\")", []),

        Example(.pathsAreRelative, "docs/a.md", "see\n`/home/me/x`", [2]),
        Example(.pathsAreRelative, "scripts/a", "cd /root/x; ls /work/y", [1, 1]),
        Example(.pathsAreRelative, "scripts/a", "cd ~/work/x; ls ./root/ $HOME/home/x https://a.b/home/x", []),

        Example(.testsDoNotSleep, test, "\ntry await Task.sleep(for: .seconds(1))\nusleep(1)", [2, 3]),
        Example(.testsDoNotSleep, code, "Task.sleep", []),
        Example(.testsDoNotSleep, test, "func sleep(until: Instant) {}", []),

        Example(.testsAssert, test, "@Test func a() {}", [1]),
        Example(.testsAssert, test, "@Test func a() {} // #expect", [1]),
        Example(.testsAssert, test, "@Test func a() { #expect(b) }", []),
        Example(.testsAssert, test, "struct Double {}", []),
        Example(.testsAssert, test, "// nothing\n", [1]),
        Example(.testsAssert, test, "@Test func a() { Issue.record(\"x\") }", []),

        Example(.linksLeadSomewhere, "README.md", "[a](docs/there.md) [b](docs) [c](#x) [d](https://x.y/z)", []),
        Example(.linksLeadSomewhere, "README.md", "\n[a](docs/gone.md)\n[b](../x.md)", [2, 3]),
        Example(.linksLeadSomewhere, "docs/a.md", "[a](there.md#part) [b](../README.md) ![c](./gone.png)", [1]),
        Example(.linksLeadSomewhere, "README.md", "```\n[a](gone)\n```\n[b](gone)", [4]),
    ]

    @Test("finds what is planted, and only that", arguments: examples)
    func planted(example: Example) throws {
        let file = SourceFile(path: example.path, text: example.text)
        let tree = Tree(files: [file], otherPaths: ["docs", "docs/there.md", "README.md"])
        let breaches = try example.rule.check(file, tree)
        #expect(breaches.map(\.line) == example.lines, "\(breaches)")
    }

    @Test("has an example that breaks it and one that keeps it", arguments: Rule.all)
    func bothWays(rule: Rule) {
        let own = Self.examples.filter { $0.rule.name == rule.name }
        #expect(own.contains { !$0.lines.isEmpty })
        #expect(own.contains { $0.lines.isEmpty })
    }
}
