import Base
import JSON
import Testing

@testable import Graph

/// Policies that cannot mean anything are found when the graph is built.
@Suite struct PolicyComplaintTests {
    private struct Odd: Sendable {
        var number = 0
        var opaque = Opaque()
        var answer = ""
        var list: [Int] = []
    }

    private struct Opaque: Sendable { var content = 0 }

    private struct NoCache: NodeCache {
        func lookUp(_ key: NodeCacheKey) async -> [UInt8]? { nil }
        func fill(_ result: [UInt8], for key: NodeCacheKey) async {}
    }

    private func complaints(_ change: (GraphBuilder<Odd, Never>) -> Void) -> [String] {
        let builder = GraphBuilder<Odd, Never>("odd")
            .node("work", reads: \.opaque, writes: \.number) { _, _ in 1 }
            .node("next", writes: \.opaque) { _ in Opaque() }
            .ask("ask", writes: \.answer) { "?" }
            .map("list", over: \.list, writes: \.list, limit: 1) { _, item in item }
            .start("work").edge("work", to: "next").edge("next", to: "ask").edge("ask", to: "list").end("list")
        change(builder)
        do throws(GraphBuildError) {
            _ = try builder.build()
            return []
        } catch {
            return error.complaints
        }
    }

    @Test("each with a sentence, all at once")
    func sentences() {
        #expect(complaints { _ in }.isEmpty)
        #expect(
            complaints { $0.policies("wrok", timeout: .seconds(1)) } == [
                "Policies are declared for \"wrok\", which is no node. Did you mean \"work\"?"
            ])
        #expect(
            complaints { $0.fallback("nowhere") { _, _ in } } == [
                "Fallbacks are declared for \"nowhere\", which is no node."
            ])
        #expect(
            complaints { $0.priority("nowhere", 1) } == ["A priority names \"nowhere\", which is no node."])
        #expect(
            complaints { $0.policies("work", timeout: .zero).policies("work", timeout: .seconds(1)) } == [
                "Policies of \"work\" are declared more than once."
            ])
        #expect(
            complaints { $0.policies("work", timeout: .seconds(-1)) } == [
                "Node \"work\" has a timeout of -1.0 seconds: let it be longer than nothing."
            ])
        #expect(
            complaints { $0.policies("work", cache: NoCache()).policies("next", cache: NoCache()) } == [
                "Node \"work\" has a cache and reads opaque, which is not Codable.",
                "Node \"next\" has a cache and writes opaque, which is not Codable.",
            ])
        #expect(
            complaints { $0.policies("ask", timeout: .seconds(1)) } == [
                "Node \"ask\" asks, and has policies: give them to the nodes around it."
            ])
        #expect(
            complaints { $0.policies("list", retry: ExponentialRetry()) } == [
                "Node \"list\" has a retry around other work: give it to the nodes inside."
            ])
        #expect(
            complaints {
                $0.policies("work", retry: ExponentialRetry()).retriesItself("work").retriesItself("next")
                    .retriesItself("wok")
            } == [
                "Node \"work\" has a retry, and retries itself: leave the policy out.",
                "Retries of its own are declared for \"wok\", which is no node. Did you mean \"work\"?",
            ])
        #expect(
            complaints { $0.fallback("work", writes: \.answer) { _, _ in "" }.fallback("next") { _, _ in } } == [
                "The fallback of \"work\" must write what the node writes: number.",
                "The fallback of \"next\" must write what the node writes: opaque.",
            ])
    }

    @Test("a list's limit is at least one")
    func limits() {
        let builder = GraphBuilder<Odd, Never>("odd")
            .map("list", over: \.list, writes: \.list, limit: 0) { _, item in item }
            .start("list").end("list")
        let error = #expect(throws: GraphBuildError.self) { _ = try builder.build() }
        #expect(error?.complaints == ["The list of node \"list\" has a limit of 0: let it be at least 1."])
    }

    @Test("what a fallback reads must not be written beside its node")
    func fallbackReads() {
        let builder = boardBuilder()
            .node("a", writes: \.last) { _ in 1 }.fallback("a", reads: \.plain, writes: \.last) { _, _, plain in plain }
            .node("b", writes: \.plain) { _ in 1 }
            .start("a", "b").end("a", "b")
        let error = #expect(throws: GraphBuildError.self) { _ = try builder.build() }
        #expect(error?.complaints.count == 1)
        #expect(error?.complaints.first?.hasPrefix("Node \"a\" reads plain while \"b\" may be writing it") == true)
    }
}
