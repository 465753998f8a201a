import Base
import Testing

@Suite struct RunContextTests {
    @Test("a local context is the local scope's, and the same run is the same trace each time")
    func local() {
        let context = RunContext(local: "run_1")
        #expect(context.runID == "run_1" && context.requestID == "run_1" && context.scope == .local)
        #expect(context.deadline == nil && context.priority == .interactive)
        #expect(context.trace == RunContext(local: "run_1").trace)
        #expect(context.trace.traceID != RunContext(local: "run_2").trace.traceID)
        #expect(TraceContext(traceparent: context.trace.traceparent) == context.trace)
    }

    @Test("what is left of the time is never negative")
    func remaining() {
        let now = Instant(nanoseconds: 5_000)
        #expect(RunContext(local: "a", deadline: now.advanced(by: .seconds(2))).remaining(at: now) == .seconds(2))
        #expect(RunContext(local: "a", deadline: Instant(nanoseconds: 1)).remaining(at: now) == .zero)
        #expect(RunContext(local: "a").remaining(at: now) == nil)
    }
}
