import Foundation
import Testing

@testable import Server

@Suite("The data folder")
struct DataFolderTests {
    /// Calls `body` with a new folder that is removed afterwards.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tutti-data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("it is made with its parents, for its owner alone; a second time nothing is wrong either")
    func made() throws {
        try withFolder { folder in
            let path = folder.path + "/a//b/c/"
            #expect(DataFolder.prepare(path) == nil)
            #expect(DataFolder.prepare(path) == nil)
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/a/b/c")
            #expect(attributes[.type] as? FileAttributeType == .typeDirectory)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test("a link to a folder will do")
    func link() throws {
        try withFolder { folder in
            let link = folder.appending(path: "link")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder)
            #expect(DataFolder.prepare(link.path) == nil)
        }
    }

    @Test("a file in the way is named in one sentence with the mend", arguments: ["file", "file/data"])
    func file(_ path: String) throws {
        try withFolder { folder in
            try Data().write(to: folder.appending(path: "file"))
            let problem = try #require(DataFolder.prepare("\(folder.path)/\(path)"))
            #expect(problem.contains("\(folder.path)/\(path)"))
            #expect(problem.contains("Not a directory"))
            #expect(problem.contains("--data"))
            #expect(!problem.contains("\n"))
        }
    }

    @Test("where nobody can make a folder, not even root, that is said")
    func unwritable() throws {
        let problem = try #require(DataFolder.prepare("/proc/tutti-data"))
        #expect(problem.contains("/proc/tutti-data"))
        #expect(problem.contains("--data"))
    }

    @Test("a path that is empty, or too long for the system, is a problem and no crash")
    func odd() {
        #expect(DataFolder.prepare("") != nil)
        #expect(DataFolder.prepare("/" + String(repeating: "x", count: 5000)) != nil)
    }
}
