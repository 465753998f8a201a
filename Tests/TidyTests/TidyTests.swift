import Testing

private let tree = Result { try Tree.load() }

@Suite("The tree")
struct TidyTests {
    @Test("keeps to the rules", arguments: Rule.all)
    func isTidy(rule: Rule) throws {
        let tree = try tree.get()
        let breaches = try tree.files.flatMap { try rule.check($0, tree) }
        for breach in breaches { Issue.record("\(breach.description)") }
    }

    @Test("is really read, and its long files are named")
    func isRead() throws {
        let tree = try tree.get()
        for room in ["Base", "HTTP"] {
            #expect(tree.files.contains { $0.room == room })
        }
        #expect(tree.files.contains { $0.path == "Package.swift" })
        let long = tree.files.filter { $0.isSwift && $0.lineCount > Rule.longFileLines }
        for file in long.sorted(by: { $0.lineCount > $1.lineCount }) {
            print("note: \(file.path) has \(file.lineCount) lines")
        }
    }
}
