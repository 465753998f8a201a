import Testing

@testable import Server

@Suite("The limit of open files")
struct DescriptorLimitTests {
    @Test(
        "is raised to the hard one, to a million at most, and never lowered",
        arguments: [
            (1024, 4096, 4096), (1024, 1024, 1024), (64, 64, 64), (1024, 1 << 40, 1 << 20), (1 << 30, 1 << 30, 1 << 30),
            (1024, .max, 1 << 20), (.max, .max, .max),
        ] as [(UInt64, UInt64, UInt64)])
    func raised(now: UInt64, most: UInt64, expected: UInt64) {
        #expect(DescriptorLimit(now: now, most: most).raised == expected)
    }

    @Test("of this process, and a second time nothing more is to be raised")
    func ofThisProcess() throws {
        let before = try #require(DescriptorLimit.current)
        let after = try #require(DescriptorLimit.raise())
        #expect(after.now == before.raised && after.most == before.most)
        #expect(DescriptorLimit.raise() == after)
    }
}
