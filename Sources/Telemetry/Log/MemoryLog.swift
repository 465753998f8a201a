internal import Synchronization

/// Keeps the last lines in memory, for tests and for support bundles.
public final class MemoryLog: LogSink {
    private let lines = Mutex<[[UInt8]]>([])
    private let capacity: Int

    public init(capacity: Int = 10_000) { self.capacity = max(1, capacity) }

    public func write(_ line: [UInt8]) {
        lines.withLock { lines in
            if lines.count >= capacity { lines.removeFirst(lines.count - capacity + 1) }
            lines.append(line)
        }
    }

    public var text: String { lines.withLock { $0.map { String(decoding: $0, as: UTF8.self) }.joined() } }
}

/// Takes everything and keeps nothing.
public struct NoLog: LogSink {
    public init() {}
    public func write(_ line: [UInt8]) {}
}
