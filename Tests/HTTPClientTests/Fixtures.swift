import Foundation
import HTTPClient
import Synchronization
import TestKit
import Transport

/// A listening socket whose backlog is full, so that no further connection is established.
final class FullBacklog: Sendable {
    let port: UInt16
    private let listener: BlockingSocket
    private let fillers: Mutex<[BlockingSocket]>

    init() throws {
        (listener, port) = try BlockingSocket.listen(backlog: 0)
        var made: [BlockingSocket] = []
        for _ in 0..<3 { made.append(try BlockingSocket.beginConnect(port: port)) }
        fillers = Mutex(made)
    }

    func stop() {
        listener.close()
        for filler in fillers.withLock({ $0 }) { filler.close() }
    }
}

/// The memory that this process has now, in bytes.
func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}
