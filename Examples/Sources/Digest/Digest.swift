// Makes a digest of documents: at most two at a time, each by a graph of its own in which two nodes work side by side.
// One document cannot be read; an edge for errors takes it, and the others never hear of that.
import Base
import Graph

struct Document: Sendable {
    var title: String
    var text: String
}

/// The state of the graph that works on one document.
struct Page: Sendable {
    var document: Document
    var limit: Int
    var sentences: [String] = []
    var gist = ""
    var words = 0
    var fault: CodedError?
}

/// The state of the graph around it.
struct Shelf: Sendable {
    var documents: [Document]
    var limit: Int
    var lines: [String] = []
    var digest = ""
}

@main
struct Digest {
    static func main() async throws { try await digest() }

    static func page() throws -> Graph<Page, Never> {
        try GraphBuilder<Page, Never>("page")
            .node("read", reads: \.document, writes: \.sentences) { _, document in
                if document.text.isEmpty { throw CodedError(.invalidValue, "There is nothing to read.") }
                return document.text.split(separator: ". ").map(String.init)
            }
            .node("sum up", reads: \.sentences, \.limit, writes: \.gist) { _, sentences, limit in
                String((sentences.first ?? "").prefix(limit))
            }
            .node("count", reads: \.sentences, writes: \.words) { _, sentences in
                sentences.reduce(0) { $0 + $1.split(separator: " ").count }
            }
            .node("excuse", reads: \.fault, writes: \.gist) { _, fault in "left out: \(fault?.message ?? "")" }
            .start("read")
            .edge("read", to: "sum up", "count")
            .onError("read", to: "excuse", recording: \.fault)
            .end("sum up", "count", "excuse")
            .build()
    }

    static func shelf() throws -> Graph<Shelf, Never> {
        try GraphBuilder<Shelf, Never>("shelf")
            .map("each", over: \.documents, page(), reads: \.limit, writes: \.lines, limit: 2) { document, limit in
                Page(document: document, limit: limit)
            } leave: { page in
                "\(page.document.title): \(page.gist) (\(page.words) words)"
            }
            .node("bind", reads: \.lines, writes: \.digest) { _, lines in lines.joined(separator: "\n") }
            .start("each")
            .edge("each", to: "bind")
            .end("bind")
            .build()
    }

    @concurrent
    static func digest() async throws {
        print(try shelf().plainText())
        print(try page().plainText())
        let documents = [
            Document(title: "Tides", text: "The sea rises twice a day. The moon pulls it. The sun helps"),
            Document(title: "Dust", text: ""),
            Document(title: "Rivers", text: "Water runs downhill. It takes the hill along"),
            Document(title: "Wind", text: "Air moves from high to low. We call that wind"),
        ]
        let context = RunContext(local: "run_1")
        let events = RunEventStream<Never>(capacity: 64)
        async let running = Runner(shelf(), time: SystemClock())
            .run(Shelf(documents: documents, limit: 24), context: context, events: events)
        while let event = await events.next() {
            if case .nodeFailed(let node, _, _, let error) = event { print("failed: \(node): \(error)") }
        }
        print(try await running.digest)
    }
}
