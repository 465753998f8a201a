import Base
import Foundation
import JSON
import Models
import Testing

/// The official tests of JSON Schema, as Debian packages them.
struct SchemaSuite: Sendable, CustomTestStringConvertible {
    /// One schema and the answers that are tried against it.
    struct Group {
        let name: String
        let schema: JSONNode
        let cases: [(name: String, data: JSONNode, isValid: Bool)]
    }

    struct Tally {
        var passed = 0
        var leftOut: [String] = []
        var failed: [String] = []
    }

    let draft: String
    let folder: URL

    var testDescription: String { "\(draft) of \(folder.path)" }

    /// `libtest-json-schema-acceptance-perl` has the newer ones, `json-schema-test-suite` draft 7 alone.
    static let all: [SchemaSuite] = {
        let own = ProcessInfo.processInfo.environment["TUTTI_SCHEMA_SUITE"]
        let places =
            (own.map { [$0] } ?? []) + [
                "/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests",
                "/usr/share/json-schema-test-suite/tests",
            ]
        return places.flatMap { place in
            ["draft2020-12", "draft7"].compactMap { draft in
                let folder = URL(fileURLWithPath: place).appendingPathComponent(draft)
                let isThere = FileManager.default.fileExists(atPath: folder.path)
                return isThere ? SchemaSuite(draft: draft, folder: folder) : nil
            }
        }
    }()

    static let skipped: Comment = """
        JSON Schema's own tests are not installed (apt-get install libtest-json-schema-acceptance-perl \
        json-schema-test-suite, or set TUTTI_SCHEMA_SUITE to a folder that holds draft2020-12 and draft7)
        """

    /// Groups that mean something else to us, and why.
    static let leftOut = [
        "vocabulary.json: schema that uses custom metaschema with with no validation vocabulary":
            "its keywords mean nothing by a schema that would have to be fetched",
        "vocabulary.json: schema that uses custom metaschema with no validation vocabulary": "the same",
    ]

    /// Of the optional tests those of what we promise.
    static let optional = ["dependencies-compatibility", "float-overflow", "no-schema", "refOfUnknownKeyword"]

    /// Groups that must be refused, where the schema cannot be followed by rule.
    static func isRefusedByRule(_ error: CodedError) -> Bool {
        error.code == .invalidValue
            && (error.message.contains("leads out of the schema") || error.param?.hasSuffix("$dynamicRef") == true)
    }

    func groups() throws -> [Group] {
        let manager = FileManager.default
        let names = try manager.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }.sorted()
        let optional = Self.optional.map { "optional/\($0).json" }
            .filter { manager.fileExists(atPath: folder.appendingPathComponent($0).path) }
        return try (names + optional).flatMap { name in
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            // A text with a NUL is refused before it could be checked; any other control character does as well here.
            return try JSONDocument(text.replacing("\\u0000", with: "\\u0001")).root.elements.map { group in
                Group(
                    name: "\(name): \(group["description"]?.string ?? "")", schema: try schema(of: group),
                    cases: group.elements(of: "tests").compactMap { test in
                        guard let data = test["data"], let isValid = test["valid"]?.bool else { return nil }
                        return (test["description"]?.string ?? "", data, isValid)
                    })
            }
        }
    }

    /// Draft 7's tests do not all say of which draft they are.
    private func schema(of group: JSONNode) throws -> JSONNode {
        let node = try #require(group["schema"])
        guard draft == "draft7", node.kind == .object, node["$schema"] == nil else { return node }
        var schema = JSON(node)
        schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        return try JSONDocument(schema.bytes).root
    }

    func run() throws -> Tally {
        var tally = Tally()
        for group in try groups() {
            if Self.leftOut[group.name] != nil {
                tally.leftOut.append(group.name)
                continue
            }
            do throws(CodedError) {
                let schema = try JSONSchema(compiling: group.schema, param: "schema", patterns: Self.pattern)
                for test in group.cases {
                    let isValid = schema.violations(in: test.data).isEmpty
                    if isValid == test.isValid {
                        tally.passed += 1
                    } else {
                        tally.failed.append("\(group.name): \(test.name)")
                    }
                }
            } catch {
                if Self.isRefusedByRule(error) {
                    tally.leftOut.append(group.name)
                } else {
                    tally.failed.append("\(group.name): \(error.message)")
                }
            }
        }
        return tally
    }

    /// An engine for the tests alone: its time is not linear.
    static let pattern: JSONSchema.PatternCompiler = { (text: String) throws(CodedError) -> JSONSchema.Pattern? in
        guard let expression = try? NSRegularExpression(pattern: text) else {
            throw CodedError(.invalidValue, "The pattern is none.")
        }
        let source = expression.pattern
        return { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            return text.range(of: source, options: .regularExpression) != nil
        }
    }
}

@Suite("JSON Schema's own tests", .enabled(if: !SchemaSuite.all.isEmpty, SchemaSuite.skipped))
struct JSONSchemaSuiteTests {
    @Test("each case that can be followed comes out as it should", arguments: SchemaSuite.all)
    func suite(suite: SchemaSuite) throws {
        let tally = try suite.run()
        #expect(tally.failed == [])
        // As many as the oldest of the packages has; a suite that is read wrongly would have fewer.
        #expect(tally.passed >= (suite.draft == "draft7" ? 402 : 1095))
        #expect(tally.leftOut.count <= 60)
        print("\(suite.testDescription): \(tally.passed) cases passed, \(tally.leftOut.count) groups left out")
    }
}
