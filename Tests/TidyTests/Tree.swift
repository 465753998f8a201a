import Foundation

/// A text file of the project. `path` is relative to the root.
struct SourceFile: Sendable {
    let path: String
    let text: String
    /// `text` without comments and strings for Swift files, otherwise `text`.
    let code: String
    private let commentedLines: Set<Int>

    init(path: String, text: String) {
        self.path = path
        self.text = text
        if path.hasSuffix(".swift") {
            let swift = SwiftText(text)
            code = String(decoding: swift.code, as: UTF8.self)
            commentedLines = swift.commentedLines
        } else {
            code = text
            commentedLines = []
        }
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isTest: Bool { path.hasPrefix("Tests/") }
    /// The only folders for C, pointers and machine clocks.
    var isNative: Bool { path.contains("/Native/") }
    /// The room of `Sources/<Room>/…`.
    var room: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
    var name: String { String(path.split(separator: "/").last ?? "") }
    var lineCount: Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
    }

    func hasComment(onLine line: Int) -> Bool { commentedLines.contains(line) }
}

/// All files that the rules look at.
struct Tree: Sendable {
    let files: [SourceFile]
    /// Every file and folder there is, read or not, relative to the root.
    let paths: Set<String>

    init(files: [SourceFile], otherPaths: Set<String> = []) {
        self.files = files
        paths = otherPaths.union(files.map(\.path))
    }

    /// What tools make, and what belongs to whoever runs the server: neither is part of the project.
    private static let skipped: Set<String> = [".git", ".build", ".swiftpm", "__pycache__"]

    private static let ownersOwn: Set<String> = ["data", ".env"]

    /// Reads the package that this file lies in. Cost: a fraction of a second.
    static func load() throws -> Tree {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        var files: [SourceFile] = []
        var paths: Set<String> = []
        var folders = [""]
        while let folder = folders.popLast() {
            for name in try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).sorted()
            {
                if skipped.contains(name) { continue }
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                if ownersOwn.contains(path) { continue }
                let url = root.appending(path: path)
                paths.insert(path)
                let values = try url.resourceValues(forKeys: [.isDirectoryKey, .isSymbolicLinkKey])
                if values.isSymbolicLink == true { continue }
                if values.isDirectory == true {
                    folders.append(path)
                } else if let text = try readText(url) {
                    files.append(SourceFile(path: path, text: text))
                }
            }
        }
        return Tree(files: files.sorted { $0.path < $1.path }, otherPaths: paths)
    }

    /// The file's text; `nil` for a binary one.
    private static func readText(_ url: URL) throws -> String? {
        let data = try Data(contentsOf: url)
        return data.prefix(1024).contains(0) ? nil : String(data: data, encoding: .utf8)
    }
}

/// One place where a rule is broken, and what to do about it.
struct Breach: CustomStringConvertible, Equatable {
    var path: String
    var line: Int
    var sentence: String

    var description: String { "\(path):\(line): \(sentence)" }
}

/// A regular expression that knows the lines of its matches.
struct Pattern: Sendable {
    struct Match {
        /// Counted from 1.
        var line: Int
        var range: NSRange
        /// The first group, or the whole.
        var text: String
    }

    private let expression: NSRegularExpression

    init(_ pattern: String) throws {
        expression = try NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
    }

    func matches(in text: String) -> [Match] {
        let whole = text as NSString
        var line = 1
        var counted = 0
        return expression.matches(in: text, range: NSRange(location: 0, length: whole.length)).map { match in
            let before = whole.substring(with: NSRange(location: counted, length: match.range.location - counted))
            line += before.utf8.count { $0 == UInt8(ascii: "\n") }
            counted = match.range.location
            let group = match.numberOfRanges > 1 ? match.range(at: 1) : match.range
            return Match(
                line: line, range: match.range,
                text: group.location == NSNotFound ? "" : whole.substring(with: group))
        }
    }
}
