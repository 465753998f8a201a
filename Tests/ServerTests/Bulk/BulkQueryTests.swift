import Base
import Testing

@testable import Server

@Suite("What the address of a bulk request says")
struct BulkQueryTests {
    @Test(
        "is read",
        arguments: [
            (nil, 0, 8), ("", 0, 8), ("after=0", 0, 8), ("after=12&parallel=1", 12, 1), ("parallel=64", 0, 64),
        ] as [(String?, Int, Int)])
    func read(_ query: String?, _ after: Int, _ parallel: Int) throws {
        let found = try BulkQuery(query)
        #expect(found.after == after)
        #expect(found.parallel == parallel)
    }

    @Test(
        "or refused, with the field",
        arguments: [
            ("after=-1", "after"), ("after=", "after"), ("after", "after"), ("after=1x", "after"),
            ("after=99999999999999999999", "after"), ("parallel=0", "parallel"), ("parallel=65", "parallel"),
            ("paralel=1", "paralel"), ("=", ""),
        ])
    func refused(_ query: String, _ param: String) {
        #expect { try BulkQuery(query) } throws: { error in
            guard let error = error as? CodedError else { return false }
            return error.code == .invalidValue && error.param == param
        }
    }
}

@Suite("The progress of a file")
struct BulkProgressTests {
    @Test("is a bar that fills")
    func bar() {
        var progress = BulkProgress(total: 3, done: 0, isShown: false)
        #expect(progress.line == String(repeating: "░", count: 30) + " 0/3")
        progress.answered(isError: false)
        #expect(progress.line.hasPrefix(String(repeating: "█", count: 10) + "░"))
        progress.answered(isError: true)
        progress.answered(isError: false)
        #expect(progress.isWhole)
        #expect(progress.way == "3 of 3 lines are answered; go on with --after 3.\n")
        #expect(progress.line == String(repeating: "█", count: 30) + " 3/3, 1 failed")
    }
}
