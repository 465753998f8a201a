import Base
import Foundation
import Testing

@testable import HTTP

/// Streams that real providers sent, kept beside the package: under `TUTTI_SHARED` or `../shared`.
private let fixtures: URL? = {
    let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let shared =
        ProcessInfo.processInfo.environment["TUTTI_SHARED"].map { URL(filePath: $0) }
        ?? root.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "data/fixtures")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}()

@Suite("Recorded streams")
struct RecordedStreamTests {
    @Test(
        "of every provider decode to the same events, cut or whole",
        .enabled(if: fixtures != nil, "no recorded streams beside the package (TUTTI_SHARED names another place)")
    )
    func recorded() throws {
        let folder = try #require(fixtures)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var random = SeededGenerator(seed: 11)
        var streams = 0
        for file in files.sorted(by: { $0.path < $1.path }) where file.pathExtension == "jsonl" {
            for line in try Data(contentsOf: file).split(separator: 10) {
                guard let body = Self.streamBody(Data(line)) else { continue }
                streams += 1
                let whole = try events(body, finishing: true)
                #expect(!whole.isEmpty, "\(file.lastPathComponent)")
                #expect(whole.allSatisfy(Self.isPlausible), "\(file.lastPathComponent)")
                #expect(try events(body, finishing: true, piece: { 1 }) == whole)
                #expect(try events(body, finishing: true, piece: { Int.random(in: 1...300, using: &random) }) == whole)
                // What we write of it reads back the same.
                var written: [UInt8] = []
                for event in whole {
                    try SSEEncoder.append(event: event.event, id: event.id, data: event.data, to: &written)
                }
                #expect(try events(written) == whole)
            }
        }
        #expect(streams > 50)
    }

    private static func streamBody(_ line: Data) -> [UInt8]? {
        guard let record = (try? JSONSerialization.jsonObject(with: line)) as? [String: Any],
            let headers = record["headers"] as? [String: Any],
            let type = headers.first(where: { $0.key.lowercased() == "content-type" })?.value as? String,
            type.hasPrefix("text/event-stream"), let body = record["body"] as? String, !body.isEmpty
        else { return nil }
        return Array(body.utf8)
    }

    /// Providers send JSON, or the end mark.
    private static func isPlausible(_ event: SSEEvent) -> Bool {
        event.data == Array("[DONE]".utf8)
            || (try? JSONSerialization.jsonObject(with: Data(event.data), options: .fragmentsAllowed)) != nil
    }
}
