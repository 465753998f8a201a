import Base
import JSON
import Telemetry
import TestKit
import Testing

struct LoggerTests {
    private let noon = TestClock(wall: 1_000_000_000_042)

    @Test func `an entry is one JSON line with its time and its fields`() throws {
        let memory = MemoryLog()
        let logger = Logger(sink: memory, level: .info, time: noon)
        logger.log(.info, "hello", .string("id", "a\n\u{1b}[31mb"), .int("n", 3), .double("x", 1.5), .bool("ok", true))
        #expect(memory.text.hasSuffix("\n"))
        #expect(memory.text.dropLast().contains("\n") == false)
        let line = try JSON(Array(memory.text.utf8))
        #expect(line["time"]?.string == "2001-09-09T01:46:40.042Z")
        #expect(line["level"]?.string == "info")
        #expect(line["message"]?.string == "hello")
        #expect(line["id"]?.string == "a\n\u{1b}[31mb")
        #expect(line["n"]?.int == 3)
        #expect(line["x"]?.double == 1.5)
        #expect(line["ok"]?.bool == true)
    }

    @Test func `entries below the level are not written, and the level can be changed`() {
        let memory = MemoryLog()
        let logger = Logger(sink: memory, level: .warning, time: noon)
        logger.log(.info, "quiet")
        #expect(memory.text.isEmpty)
        logger.level = .debug
        logger.log(.debug, "loud")
        #expect(memory.text.contains("loud"))
    }

    @Test func `memory keeps the last lines only`() {
        let memory = MemoryLog(capacity: 3)
        for index in 0..<10 { memory.write(Array("\(index)\n".utf8)) }
        #expect(memory.text == "7\n8\n9\n")
    }
}
