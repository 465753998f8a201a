import Base
import Synchronization
import TestKit
import Testing

@testable import Orchestrator

private final class Notebook: Sendable {
    private let noted = Mutex<[Int]>([])
    var lines: [Int] { noted.withLock(\.self) }
    func note(_ line: Int) { noted.withLock { $0.append(line) } }
}

@Suite("Turns of one conversation")
struct ConversationLineTests {
    private let anna = Scope(tenant: "a", user: "anna", key: "k", role: .member)
    private let line = ConversationLine()

    /// One that ends as soon as it has begun.
    private func turn() -> Task<Void, any Error> {
        Task {
            let place = try await line.enter("c", scope: anna)
            place.end()
        }
    }

    /// Waits until as many wait as are meant to.
    private func waiting(_ count: Int) async { while line.waitingCount < count { await Task.yield() } }

    @Test("run one after the other, in the order in which they came")
    func order() async throws {
        let order = Notebook()
        let first = try await line.enter("c", scope: anna)
        var tasks: [Task<Void, any Error>] = []
        for index in 0..<8 {
            tasks.append(
                Task {
                    let place = try await line.enter("c", scope: anna)
                    order.note(index)
                    await Task.yield()
                    order.note(index)
                    place.end()
                })
            await waiting(index + 1)
        }
        #expect(order.lines == [])
        first.end()
        for task in tasks { try await task.value }
        #expect(order.lines == (0..<8).flatMap { [$0, $0] })
        #expect(line.count == 0)
    }

    @Test("of others, and of other users' conversations of that name, do not wait")
    func others() async throws {
        let first = try await line.enter("c", scope: anna)
        let second = try await line.enter("d", scope: anna)
        let third = try await line.enter("c", scope: Scope(tenant: "a", user: "ben", key: "k", role: .member))
        #expect(line.count == 3)
        first.end()
        second.end()
        third.end()
        #expect(line.count == 0)
    }

    @Test("one that is cancelled while it waits leaves the line to the others")
    func cancelled() async throws {
        let first = try await line.enter("c", scope: anna)
        let gone = turn()
        await waiting(1)
        let next = turn()
        await waiting(2)
        gone.cancel()
        let outcome = await gone.result
        #expect(throws: CodedError.self) { try outcome.get() }
        #expect(line.waitingCount == 1)
        first.end()
        try await next.value
        #expect(line.count == 0)
    }

    @Test("too many are refused, and none of those who wait is lost")
    func bound() async throws {
        let first = try await line.enter("c", scope: anna)
        let tasks = (0..<ConversationLine.bound).map { _ in
            turn()
        }
        await waiting(ConversationLine.bound)
        let refused = await turn().result
        #expect { try refused.get() } throws: { ($0 as? CodedError)?.code == .overloaded }
        first.end()
        for task in tasks { try await task.value }
        #expect(line.count == 0)
    }
}
