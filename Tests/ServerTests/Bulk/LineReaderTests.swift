import Base
import Testing

@testable import Server

@Suite("Lines of a bulk request")
struct LineReaderTests {
    private func lines(_ text: String, limit: Int = 10, cut: (Int) -> Int = { $0 }) -> [LineReader.Line] {
        var reader = LineReader(limit: limit)
        var lines: [LineReader.Line] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(1, cut(bytes.count - start)))
            reader.feed(Array(bytes[start..<end]))
            while let line = reader.next() { lines.append(line) }
            start = end
        }
        reader.end()
        while let line = reader.next() { lines.append(line) }
        return lines
    }

    private func whole(_ texts: String...) -> [LineReader.Line] { texts.map { .whole(Array($0.utf8)) } }

    @Test("end with LF or CR LF, the last one with the input")
    func ends() {
        #expect(lines("a\nb\r\nc") == whole("a", "b", "c"))
        #expect(lines("a\n") == whole("a"))
        #expect(lines("") == [])
        #expect(lines("a\rb\n") == whole("a\rb"))
    }

    @Test("of white space are none")
    func blank() { #expect(lines("\n \n\t\r\na\n\n  ") == whole("a")) }

    @Test("that are too long are told, and only they are lost")
    func long() {
        let text = "0123456789\n0123456789x\nb\n\(String(repeating: "y", count: 100))\nc"
        #expect(lines(text) == whole("0123456789") + [.tooLong] + whole("b") + [.tooLong] + whole("c"))
        #expect(lines(String(repeating: "y", count: 100)) == [.tooLong])
        #expect(lines("0123456789\r\na") == whole("0123456789", "a"))
    }

    @Test("do not begin with the mark of their encoding, which is taken off the input once, however it is cut")
    func mark() {
        let mark = "\u{FEFF}"
        for size in 1...4 {
            #expect(lines(mark + "a\r\nb") { _ in size } == whole("a", "b"))
            #expect(lines(mark + "\r\na\n") { _ in size } == whole("a"), "alone it is no line")
            #expect(lines(mark) { _ in size } == [])
            #expect(lines(mark + mark + "\n") { _ in size } == whole(mark), "but once")
            #expect(lines("a\n" + mark + "b\n") { _ in size } == whole("a", mark + "b"), "and at the start alone")
            #expect(lines(mark + "0123456789\na") { _ in size } == whole("0123456789", "a"), "it counts for no limit")
        }
    }

    @Test("may begin with a part of that mark")
    func partOfMark() {
        for bytes in [[0xEF], [0xEF, 0xBB], [0xEF, 0x61], [0xEF, 0xBB, 0xBE]] as [[UInt8]] {
            var reader = LineReader(limit: 10)
            for byte in bytes {
                reader.feed([byte])
                #expect(reader.next() == nil)
            }
            reader.end()
            #expect(reader.next() == .whole(bytes))
            #expect(reader.next() == nil)
        }
    }

    @Test("are the same however the input is cut, and memory stays at a line's")
    func cuts() {
        let text = "a\n\nbb\r\n0123456789\r\n0123456789z\n\(String(repeating: "x", count: 40))\r\n \nccc\n{}"
        let expected = lines(text)
        for size in 1...20 { #expect(lines(text) { _ in size } == expected) }
        for seed in UInt64(0)..<200 {
            var generator = SeededGenerator(seed: seed)
            #expect(lines(text) { _ in Int(generator.next(upperBound: 15 as UInt64)) } == expected)
        }
    }
}

@Suite("The order of bulk answers")
struct BulkOrderTests {
    @Test("is that of the questions, whatever that of the answers")
    func order() {
        for seed in UInt64(0)..<100 {
            var generator = SeededGenerator(seed: seed)
            var order = BulkOrder(after: 4)
            let numbers = Array(5..<25).shuffled(using: &generator)
            var out: [[UInt8]] = []
            for number in numbers { out += order.take(number, [UInt8(number)]) }
            #expect(out == (5..<25).map { [UInt8($0)] })
            #expect(order.held == 0)
        }
    }

    @Test("an answer that was given already is not given again")
    func again() {
        var order = BulkOrder(after: 0)
        #expect(order.take(1, [1]) == [[1]])
        #expect(order.take(1, [1]) == [])
        #expect(order.take(3, [3]) == [])
        #expect(order.take(3, [9]) == [])
        #expect(order.held == 1)
        #expect(order.take(2, [2]) == [[2], [3]])
    }

    @Test("numbers go to the end of their type")
    func greatest() {
        var order = BulkOrder(after: .max)
        #expect(order.take(.max, [1]) == [])
        order = BulkOrder(after: .max - 1)
        #expect(order.take(.max, [1]) == [[1]])
        #expect(order.held == 0)
    }
}
