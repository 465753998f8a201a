import Base
import Synchronization
import TestKit
import Testing

@Suite("Cancellation tokens", .timeLimit(.minutes(1))) struct CancellationTokenTests {
    private final class Log: Sendable {
        private let entries = Mutex<[String]>([])
        var all: [String] { entries.withLock { $0 } }
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    }

    @Test("the latest wait is ended, once; later ones at once") func latest() {
        let log = Log()
        let token = CancellationToken()
        token.onCancel { log.add("first") }
        token.onCancel { log.add("second") }
        #expect(log.all.isEmpty && !token.isCancelled)
        token.cancel()
        token.cancel()
        #expect(log.all == ["second"] && token.isCancelled)
        token.onCancel { log.add("third") }
        #expect(log.all == ["second", "third"])
    }

    @Test("what a later wait replaces is let go, and what is let go may use the token") func letsGo() {
        final class Holder: Sendable {
            let token: CancellationToken
            let log: Log
            init(_ token: CancellationToken, _ log: Log) { (self.token, self.log) = (token, log) }
            deinit { log.add("gone, \(token.isCancelled)") }
        }
        let log = Log()
        let token = CancellationToken()
        do {
            let holder = Holder(token, log)
            token.onCancel { _ = holder }
        }
        #expect(log.all.isEmpty)
        token.onCancel {}
        #expect(log.all == ["gone, false"])
    }

    @Test("work in a child task ends with the token, while its own task goes on") func work() async throws {
        let clock = TestClock()
        let token = CancellationToken()
        let task = Task {
            do throws(CodedError) {
                return try await token.cancelling { () async throws(CodedError) -> String in
                    do throws(CancellationError) {
                        try await clock.sleep(until: clock.now().advanced(by: .seconds(10)))
                    } catch {
                        throw CodedError(.cancelled, "It was cancelled.")
                    }
                    return "rested"
                }
            } catch {
                return "\(error.code.name), \(Task.isCancelled)"
            }
        }
        while clock.sleeperCount == 0 { await Task.yield() }
        token.cancel()
        #expect(await task.value == "cancelled, false")
        #expect(clock.sleeperCount == 0)
    }

    @Test("work that ends by itself leaves nothing, and says what it came to", arguments: [false, true])
    func ends(_ fails: Bool) async {
        let token = CancellationToken()
        let error = CodedError(.providerFailed, "It failed.")
        do throws(CodedError) {
            let value = try await token.cancelling { () async throws(CodedError) -> Int in
                if fails { throw error }
                return 7
            }
            #expect(!fails && value == 7)
        } catch let thrown {
            #expect(fails && thrown == error)
        }
        #expect(!token.isCancelled)
    }
}
