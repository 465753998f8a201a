public import Base
internal import Synchronization

/// A finished piece of work within a trace: `chat {model}`, `node {name}`. Its attributes hold no message content.
public struct Span: Sendable {
    /// What is done: `chat`, `node`.
    public var operation: StaticString
    /// What it is done with: a model, a node.
    public var subject: String
    public var traceHigh: UInt64
    public var traceLow: UInt64
    public var spanID: UInt64
    public var parentID: UInt64?
    public var start: Instant
    public var duration: Duration
    /// OpenTelemetry's names.
    public var attributes: [(key: StaticString, value: Value)]
    /// The code of the error that ended it.
    public var errorType: String?

    public init(
        _ operation: StaticString,
        _ subject: String,
        trace: TraceContext,
        spanID: UInt64,
        parentID: UInt64? = nil,
        start: Instant,
        duration: Duration,
        attributes: [(key: StaticString, value: Value)] = [],
        errorType: String? = nil
    ) {
        self.operation = operation
        self.subject = subject
        traceHigh = trace.traceHigh
        traceLow = trace.traceLow
        self.spanID = spanID
        self.parentID = parentID
        self.start = start
        self.duration = duration
        self.attributes = attributes
        self.errorType = errorType
    }

    /// An attribute's value, which becomes text only where spans are shown.
    public enum Value: Sendable, Equatable, CustomStringConvertible {
        case string(String)
        case int(Int)

        public var description: String {
            switch self {
            case .string(let text): text
            case .int(let number): String(number)
            }
        }
    }

    public var name: String { "\(operation) \(subject)" }
}

/// Where finished spans go. Never blocks.
public protocol SpanSink: Sendable {
    func record(_ span: Span)
}

/// Keeps the last spans in a ring.
public final class MemorySpans: SpanSink {
    private let ring: Mutex<(spans: [Span], next: Int)>
    private let capacity: Int

    public init(capacity: Int = 4096) {
        self.capacity = max(1, capacity)
        ring = Mutex(([], 0))
    }

    public func record(_ span: Span) {
        ring.withLock { ring in
            if ring.spans.count < capacity {
                ring.spans.append(span)
            } else {
                ring.spans[ring.next] = span
            }
            ring.next = (ring.next + 1) % capacity
        }
    }

    /// What is kept, oldest first.
    public var all: [Span] {
        ring.withLock { ring in
            guard ring.spans.count == capacity else { return ring.spans }
            return Array(ring.spans[ring.next...] + ring.spans[..<ring.next])
        }
    }

    /// The spans of one trace, oldest first. O(capacity).
    public func ofTrace(_ trace: TraceContext) -> [Span] {
        all.filter { $0.traceHigh == trace.traceHigh && $0.traceLow == trace.traceLow }
    }
}
