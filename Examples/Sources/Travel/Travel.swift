// Goes back in a kept run: its history, two forks of one of its steps, another choice in one of them, and both gone on
// with. Only what comes after the step runs.
import Base
import Graph

struct Trip: Codable, Sendable {
    var goal: String
    var kilometres = 0
    var way = ""
    var price = 0
    var ticket = ""
}

@main
struct Travel {
    static let prices = ["train": 12, "boat": 30]

    static func main() async throws { try await travel() }

    static func graph() throws -> Graph<Trip, Never> {
        @Sendable func tell(_ context: NodeContext<Never>) { print("  works: \(context.stepKey)") }
        return try GraphBuilder<Trip, Never>("trip")
            .node("measure", reads: \.goal, writes: \.kilometres) { context, goal in
                tell(context)
                return goal.count * 100
            }
            .node("choose", reads: \.kilometres, writes: \.way) { context, _ in
                tell(context)
                return "train"
            }
            .node("price", reads: \.kilometres, \.way, writes: \.price) { context, kilometres, way in
                tell(context)
                return kilometres * prices[way, default: 50] / 100
            }
            .node("book", reads: \.goal, \.way, \.price, writes: \.ticket) { context, goal, way, price in
                tell(context)
                return "to \(goal) by \(way), for \(price)"
            }
            .start("measure")
            .edge("measure", to: "choose")
            .edge("choose", to: "price")
            .edge("price", to: "book")
            .end("book")
            .build()
    }

    static func context(_ run: String) -> RunContext {
        RunContext(local: run)
    }

    static func show(_ result: RunResult<Trip>) {
        if case .finished(let trip) = result { print("  finished: \(trip.ticket)") }
    }

    @concurrent
    static func travel() async throws {
        let runner = try DurableRunner(graph(), checkpointer: MemoryCheckpointer(), time: SystemClock())
        let run = RunKey(.local, "trip")

        print("The run:")
        show(try await runner.start(Trip(goal: "Lisbon"), context: context("trip")))

        print("Its history, oldest first:")
        let history = try await runner.history(of: run)
        for entry in history.reversed() {
            let step = entry.step.isEmpty ? "(the end)" : entry.step
            print("  \(entry.sequence) \(entry.kind == .snapshot ? "(the first state)" : step)")
        }

        guard let chosen = history.first(where: { $0.step == "choose#1" }) else { return }
        let then = try await runner.state(of: run, at: chosen.sequence)
        print("After \(chosen.step): \(then.kilometres) km by \(then.way), price \(then.price)")

        try await runner.fork(run, at: chosen.sequence, to: "again")
        try await runner.fork(run, at: chosen.sequence, to: "by boat")
        try await runner.edit(RunKey(.local, "by boat")) { $0.way = "boat" }
        for fork in ["again", "by boat"] {
            print("The fork \"\(fork)\":")
            show(try await runner.resume(context: context(fork)))
        }

        print("The run itself is as it was:")
        print("  \(try await runner.state(of: run).ticket)")
    }
}
