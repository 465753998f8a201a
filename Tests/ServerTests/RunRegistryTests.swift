import Base
import Orchestrator
import Synchronization
import Testing

struct RunRegistryTests {
    private let other = Scope(tenant: "local", user: "somebody", key: "other", role: .member)

    @Test("an id is in the registry until its ticket goes")
    func ticket() throws {
        let registry = RunRegistry()
        let ticket = try registry.enter("req_1", scope: .local) {}
        #expect(registry.count == 1)
        ticket.leave()
        #expect(registry.count == 0)
        try registry.enter("req_1", scope: .local) {}.leave()
    }

    @Test("a ticket that is dropped leaves too")
    func dropped() throws {
        let registry = RunRegistry()
        func enter() throws(CodedError) { _ = try registry.enter("req_1", scope: .local) {} }
        try enter()
        #expect(registry.count == 0)
    }

    @Test("an id that is running in its scope is refused with 409; the first one keeps its place")
    func twice() throws {
        let registry = RunRegistry()
        let ticket = try registry.enter("req_1", scope: .local) {}
        let error = #expect(throws: CodedError.self) { try registry.enter("req_1", scope: .local) {}.leave() }
        #expect(error?.code == .requestInFlight)
        #expect(error?.code.status == 409)
        #expect(error?.param == "requestId")
        #expect(registry.count == 1)
        try registry.enter("req_1", scope: other) {}.leave()
        ticket.leave()
    }

    @Test("cancelling calls what was entered, and only within the scope")
    func cancel() throws {
        let registry = RunRegistry()
        let cancelled = Mutex<[String]>([])
        let mine = try registry.enter("req_1", scope: .local) { cancelled.withLock { $0.append("mine") } }
        #expect(!registry.cancel("req_1", scope: other))
        #expect(!registry.cancel("req_2", scope: .local))
        #expect(cancelled.withLock { $0.isEmpty })
        #expect(registry.cancel("req_1", scope: .local))
        #expect(cancelled.withLock { $0 } == ["mine"])
        #expect(registry.count == 1, "a cancelled turn keeps its place until it has ended")
        mine.leave()
        #expect(!registry.cancel("req_1", scope: .local))
    }
}
