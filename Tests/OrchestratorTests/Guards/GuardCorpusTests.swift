import Testing

@testable import Orchestrator

@Suite("What the output guard finds")
struct GuardCorpusTests {
    @Test("of what is there nearly all is found, and nearly all that is found is there, for every kind")
    func recallAndPrecision() {
        var there: [GuardKind: Int] = [:]
        var found: [GuardKind: Int] = [:]
        var right: [GuardKind: Int] = [:]
        for line in GuardCorpus.lines {
            let findings = Self.find(line.text)
            for secret in line.secrets {
                there[secret.kind, default: 0] += 1
                if findings.contains(where: { $0 == secret }) {
                    right[secret.kind, default: 0] += 1
                } else {
                    print("printed missed \(secret.kind.name): \(line.text)")
                }
            }
            for finding in findings {
                found[finding.kind, default: 0] += 1
                if !line.secrets.contains(where: { $0 == finding }) {
                    print("printed wrong \(finding.kind.name): \(line.text)")
                }
            }
        }
        print("printed lines: \(GuardCorpus.lines.count)")
        for kind in GuardKind.builtIn {
            let recall = Double(right[kind] ?? 0) / Double(max(1, there[kind] ?? 0))
            let precision = Double(right[kind] ?? 0) / Double(max(1, found[kind] ?? 0))
            print(
                "printed \(kind.name): \(there[kind] ?? 0) there, recall \(recall), precision \(precision)")
            #expect((there[kind] ?? 0) >= 5)
            #expect(recall >= 0.98, "\(kind.name)")
            #expect(precision >= 0.98, "\(kind.name)")
        }
        #expect(GuardCorpus.lines.count >= 400)
        #expect(GuardCorpus.lines.count { $0.secrets.isEmpty } >= 150)
    }

    private static func find(_ text: String) -> [(range: Range<Int>, kind: GuardKind)] {
        var finder = SecretFinder(GuardPatterns())
        var edits: [SecretFinder.Edit] = []
        finder.take(text, &edits)
        finder.finish(&edits)
        var findings: [(range: Range<Int>, kind: GuardKind)] = []
        for edit in edits {
            if let kind = edit.kind {
                findings.append((edit.range, kind))
            } else if let last = findings.popLast() {
                findings.append((last.range.lowerBound..<edit.range.upperBound, last.kind))
            }
        }
        return findings
    }
}
