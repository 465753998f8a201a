// Writes an article: research, then a draft, which is reviewed and validated side by side; back to the draft until the
// reviewer accepts it, then on to the citations. Draws the graph before the run, and the run onto it.
import Base
import Graph

struct Article: Sendable {
    var topic: String
    var sources: [String] = []
    var draft = ""
    /// Review and validation write here at the same time: in the order in which the nodes are declared.
    var remarks: [String] = []
    var isAccepted = false
    var citations: [String] = []
}

/// Where the decision leads: the names of two nodes.
enum Next: String, CaseIterable {
    case draft, citations
}

@main
struct Newsroom {
    static func main() async throws { try await publish() }

    static func graph() throws -> Graph<Article, Never> {
        try GraphBuilder<Article, Never>("newsroom")
            .field(\.remarks, .append)
            .node("research", reads: \.topic, writes: \.sources) { _, topic in
                ["\(topic), a handbook", "Measuring \(topic)"]
            }
            .node("draft", reads: \.topic, \.sources, \.remarks, writes: \.draft) { _, topic, sources, remarks in
                remarks.isEmpty
                    ? "\(topic) come and go." : "\(topic) come and go, as \(sources.count) sources say."
            }
            .node("review", reads: \.draft, writes: \.remarks, \.isAccepted) { context, draft in
                let isAccepted = draft.contains("sources")
                return (["review \(context.activation): \(isAccepted ? "fine" : "who says so?")"], isAccepted)
            }
            .node("validate", reads: \.draft, writes: \.remarks) { context, draft in
                ["validate \(context.activation): \(draft.count) characters"]
            }
            .node("decide") { _ in }
            .node("citations", reads: \.sources, writes: \.citations) { _, sources in
                sources.enumerated().map { "[\($0.offset + 1)] \($0.element)" }
            }
            .start("research")
            .edge("research", to: "draft")
            .edge("draft", to: "review", "validate")
            .edge("review", to: "decide")
            .edge("validate", to: "decide")
            .route("decide", reads: \.isAccepted, to: Next.self) { $0 ? .citations : .draft }
            .end("citations")
            .build()
    }

    /// Without its time, so that the drawing is the same after each run.
    static func timeless(_ event: RunEvent<Never>) -> RunEvent<Never> {
        guard case .nodeFinished(let node, let round, _) = event else { return event }
        return .nodeFinished(node: node, round: round, duration: .zero)
    }

    /// Away from the main actor, where every step would have to wait its turn.
    @concurrent
    static func publish() async throws {
        let graph = try graph()
        print("The graph:\n")
        print(graph.plainText())

        let context = RunContext(local: "run_1")
        let events = RunEventStream<Never>(capacity: 64)
        async let running = Runner(graph, time: SystemClock())
            .run(Article(topic: "Tides"), context: context, events: events)
        var tally = RunTally()
        while let event = await events.next() { tally.note(timeless(event)) }
        let article = try await running

        print("The run:\n")
        print(graph.plainText(of: tally))
        print("The article:\n")
        for line in [article.draft] + article.citations + article.remarks { print("  \(line)") }
    }
}
