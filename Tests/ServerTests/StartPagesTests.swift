import Foundation
import Testing

@testable import Server

@Suite struct StartPagesTests {
    private static let account = """
        55d000000000-55d000400000 r--p 00000000 fe:01 100 /usr/bin/tutti
        Rss:                4096 kB
        Anonymous:             0 kB
        55d000400000-55d001000000 r-xp 00400000 fe:01 100 /usr/bin/tutti with a space
        Rss:               12288 kB
        Anonymous:             0 kB
        VmFlags: rd ex mr mw me
        55d001000000-55d001100000 r--p 01000000 fe:01 100 /usr/bin/tutti
        Anonymous:           432 kB
        55d001100000-55d001200000 rw-p 01100000 fe:01 100 /usr/bin/tutti
        Anonymous:             0 kB
        7f0000000000-7f0000021000 r-xp 00000000 00:00 0
        Anonymous:             0 kB
        7f0000100000-7f0000200000 ---p 00000000 fe:01 7 /lib/libc.so.6
        Anonymous:             0 kB
        7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
        Anonymous:             0 kB
        7f0000200000-7f0000100000 r-xp 00000000 fe:01 7 /lib/upside-down.so
        Anonymous:             0 kB
        7f0000300000-7f0000400000 r-xp 00000000 fe:01 7 /lib/cut-off.so
        """

    @Test func `only what is a file's and was never written to is given back`() {
        let found: [Range<UInt>] = [0x55d0_0000_0000..<0x55d0_0040_0000, 0x55d0_0040_0000..<0x55d0_0100_0000]
        let bytes = Array(Self.account.utf8)
        // In pieces of any size, as reads give them.
        for size in [1, 7, 100, bytes.count] {
            var account = StartPages.Account()
            var rest: ArraySlice<UInt8> = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                rest = account.read(rest + bytes[start..<min(start + size, bytes.count)])
            }
            #expect(account.unwritten == found, "in pieces of \(size)")
        }
    }

    @Test func `code that was given back is there again when it runs`() throws {
        let before = try Self.residentOfFiles()
        StartPages.giveBack()
        let after = try Self.residentOfFiles()
        #expect(after < before / 2, "\(before) kB of files were resident, and then \(after)")
    }

    private static func residentOfFiles() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
