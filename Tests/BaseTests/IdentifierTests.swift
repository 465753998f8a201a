import Base
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    /// Gives the same word again and again.
    private struct Constant: RandomNumberGenerator {
        let word: UInt64
        mutating func next() -> UInt64 { word }
    }

    @Test("are a prefix and a UUID of version 7 that begins with the time")
    func form() {
        var generator = Constant(word: 0x0123_4567_89ab_cdef)
        let id = Identifier.make(.request, at: WallTime(milliseconds: 0x0199_8877_6655), using: &generator)
        #expect(id == "req_01998877-6655-7def-8123-456789abcdef")
        var ones = Constant(word: .max)
        #expect(
            Identifier.make(.completion, at: WallTime(milliseconds: -1), using: &ones)
                == "chatcmpl-ffffffff-ffff-7fff-bfff-ffffffffffff")
    }

    @Test("sort by the time at which they were made, and are taken as a client's own")
    func order() {
        var generator = SeededGenerator(seed: 1)
        let ids = (0..<200).map {
            Identifier.make(.run, at: WallTime(milliseconds: 1_700_000_000_000 + Int64($0)), using: &generator)
        }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { Identifier.isAcceptable($0) })
    }

    @Test(
        "of clients are refused when they could break a line, a header or a path",
        arguments: ["", "a b", "a\r\nb", "\u{1b}[31m", "é", "a/b", "a:b", String(repeating: "a", count: 65)])
    func refused(_ id: String) { #expect(!Identifier.isAcceptable(id)) }

    @Test("a trace's ids are read back from the header that they were written to")
    func traceparent() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let trace = TraceContext(using: &generator)
            #expect(trace.traceID.count == 32 && trace.spanIDText.count == 16)
            #expect(TraceContext(traceparent: trace.traceparent) == trace)
        }
        let known = TraceContext(traceHigh: 0x4bf9_2f35_77b3_4da6, traceLow: 0xa3ce_929d_0e0e_4736, spanID: 0xf067_aa0b)
        #expect(known.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000f067aa0b-01")
    }
}
