// Asks two people before a release goes out. The run parks while they think, and each answer is given to a runner that
// has just been made, as after a restart: nothing that has run runs again.
import Base
import Graph
import JSON

struct Release: Codable, Sendable {
    var version: String
    var notes = ""
    var isLegal: Bool?
    var signature: String?
    var log: [String] = []
}

@main
struct Approval {
    static func main() async throws { try await release() }

    static func graph() throws -> Graph<Release, Never> {
        try GraphBuilder<Release, Never>("release")
            .field(\.log, .append)
            .node("prepare", reads: \.version, writes: \.notes) { context, version in
                print("  works: \(context.stepKey)")
                return "What is new in \(version)"
            }
            .ask("legal", reads: \.notes, writes: \.isLegal) { notes in ["text": .string(notes), "kind": "yes or no"] }
            .ask("sign", reads: \.version, writes: \.signature) { version in
                ["text": .string("Sign \(version)"), "kind": "a name"]
            }
            .node("package", reads: \.version, writes: \.log) { context, version in
                print("  works: \(context.stepKey)")
                return ["packaged \(version)"]
            }
            .node("publish", reads: \.isLegal, \.signature, writes: \.log) { context, isLegal, signature in
                print("  works: \(context.stepKey)")
                return [isLegal == true ? "published by \(signature ?? "nobody")" : "kept back"]
            }
            .start("prepare")
            .edge("prepare", to: "legal", "sign", "package")
            .edge("legal", to: "publish")
            .edge("sign", to: "publish")
            .edge("package", to: "publish")
            .end("publish")
            .build()
    }

    /// What one process would do: only the checkpointer is the same for all.
    static func runner(_ store: MemoryCheckpointer) throws -> DurableRunner<Release, Never> {
        try DurableRunner(graph(), checkpointer: store, time: SystemClock())
    }

    static func show(_ result: RunResult<Release>) {
        switch result {
        case .parked(let questions):
            for question in questions {
                print("  asked: \(question.id): \(String(decoding: question.content.bytes, as: UTF8.self))")
            }
        case .finished(let release): print("  finished: \(release.log.joined(separator: ", "))")
        }
    }

    @concurrent
    static func release() async throws {
        let store = MemoryCheckpointer()
        let context = RunContext(local: "release-1.4")

        print("The run begins, and parks:")
        show(try await runner(store).start(Release(version: "1.4"), context: context))

        print("An answer of the wrong type is refused before anything is done:")
        do {
            show(try await runner(store).resume(context: context, answers: ["legal#1": "yes"]))
        } catch let error as CodedError {
            print("  \(error)")
        }

        print("The second question is answered first:")
        show(try await runner(store).resume(context: context, answers: ["sign#1": "Ada"]))

        print("And then the first:")
        show(try await runner(store).resume(context: context, answers: ["legal#1": true]))

        print("A run that is over is over:")
        do {
            show(try await runner(store).resume(context: context))
        } catch let error as CodedError {
            print("  \(error)")
        }
    }
}
