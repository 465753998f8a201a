import Foundation
import TestKit
import Testing

/// A suite in Python that asks the built server.
enum PythonSuite {
    /// Runs `script`, a path within the project, to its end. Lines that begin with FAIL are its failures.
    static func run(_ script: String, _ arguments: [String] = []) async throws -> CommandResult {
        var environment = Project.environment
        environment["TUTTI_BINARY"] = Project.binary
        environment["TUTTI_TEST_PYTHON"] = Project.clientPython
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let path = Project.root.appending(path: script).path
        return try await RunningProcess(
            [try #require(Project.python), path] + arguments, in: FileManager.default.temporaryDirectory,
            environment: environment
        ).end()
    }

    /// The same for suites whose last line sums up, which is printed behind `name`. Whether all went well, and the last
    /// line is as `isGood` says: a run that checked nothing would pass, too.
    static func passes(
        _ name: String, _ script: String, _ arguments: [String] = [],
        isGood: (Substring) -> Bool = { $0.hasSuffix(" 0 failed") }, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Bool {
        let result = try await run(script, arguments)
        let lines = result.output.split(separator: "\n")
        print("\(name): \(lines.last ?? "nothing was said")")
        let failures = lines.filter { $0.hasPrefix("FAIL") }.joined(separator: "\n")
        #expect(result.status == 0, "\(failures)\n\(result.errors.suffix(2000))", sourceLocation: sourceLocation)
        return result.status == 0 && lines.last.map(isGood) == true
    }
}
