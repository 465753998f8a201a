import Base
import Telemetry
import Testing

struct SpanTests {
    @Test func `the ring keeps the last spans, oldest first`() {
        let spans = MemorySpans(capacity: 3)
        let trace = TraceContext(traceHigh: 1, traceLow: 2, spanID: 3)
        for index in 0..<5 {
            spans.record(
                Span(
                    "chat", "s\(index)", trace: trace, spanID: UInt64(index), start: Instant(nanoseconds: 0),
                    duration: .zero))
        }
        #expect(spans.all.map(\.name) == ["chat s2", "chat s3", "chat s4"])
        #expect(spans.ofTrace(trace).count == 3)
        #expect(spans.ofTrace(TraceContext(traceHigh: 9, traceLow: 9, spanID: 9)).isEmpty)
    }
}
