public import Base
internal import JSON
internal import Synchronization

/// One named value of a log entry. Never a key, a header or message content.
public struct LogField: Sendable {
    enum Value: Sendable {
        case string(String)
        case int(Int64)
        case double(Double)
        case bool(Bool)
        /// Left out of the line.
        case absent
    }

    let key: StaticString
    let value: Value

    /// `nil` leaves the field out.
    public static func string(_ key: StaticString, _ value: String?) -> LogField {
        LogField(key: key, value: value.map { .string($0) } ?? .absent)
    }
    public static func int(_ key: StaticString, _ value: some BinaryInteger) -> LogField {
        LogField(key: key, value: .int(Int64(clamping: value)))
    }
    public static func double(_ key: StaticString, _ value: Double) -> LogField {
        LogField(key: key, value: .double(value))
    }
    public static func bool(_ key: StaticString, _ value: Bool) -> LogField { LogField(key: key, value: .bool(value)) }
}

/// Where finished lines go. Never blocks: it may drop, and then counts what it dropped.
public protocol LogSink: Sendable {
    /// Takes one line, its line end included.
    func write(_ line: [UInt8])
}

/// Writes JSON lines. An entry below the level costs a load and its fields, so that who has many of them asks
/// ``writes(_:)`` first; one above it about a microsecond, on the caller's thread, without I/O.
public final class Logger: Sendable {
    private let sink: any LogSink
    private let time: any TimeSource
    private let threshold: Atomic<Int>
    private let clockFace = Mutex((second: Int64.min, text: [UInt8]()))

    public init(sink: any LogSink, level: LogLevel, time: any TimeSource) {
        self.sink = sink
        self.time = time
        threshold = Atomic(level.rawValue)
    }

    /// The least level that is written; may be changed at any time.
    public var level: LogLevel {
        get { LogLevel(rawValue: threshold.load(ordering: .relaxed)) ?? .info }
        set { threshold.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Whether entries of this level are written now. A load.
    public func writes(_ level: LogLevel) -> Bool { level.rawValue >= threshold.load(ordering: .relaxed) }

    public func log(_ level: LogLevel, _ message: String, _ fields: LogField...) {
        log(level, message, fields: fields)
    }

    /// As ``log(_:_:_:)``, for who passes fields on.
    public func log(_ level: LogLevel, _ message: String, fields: [LogField]) {
        guard writes(level) else { return }
        var writer = JSONWriter(reserving: 384)
        writer.beginObject()
        writeTime(to: &writer)
        writer.member("level", level.name)
        writer.member("message", message)
        for field in fields {
            switch field.value {
            case .string(let value): writer.member(field.key, value)
            // As the kind that is written without generic code.
            case .int(let value): writer.member(field.key, Int(value))
            case .double(let value): writer.member(field.key, value)
            case .bool(let value): writer.member(field.key, value)
            case .absent: break
            }
        }
        writer.endObject()
        var line = (consume writer).bytes
        line.append(UInt8(ascii: "\n"))
        sink.write(line)
    }

    /// The wall time as a JSON string; the part down to the second is made once a second.
    private func writeTime(to writer: inout JSONWriter) {
        let now = time.wallTime()
        var text = clockFace.withLock { face in
            if face.second != now.seconds {
                face = (now.seconds, Array("\"\(CivilDate(secondsSince1970: now.seconds).iso8601).000Z\"".utf8))
            }
            return face.text
        }
        let fraction = Int(now.milliseconds % 1000)
        // Before `Z"`.
        let end = text.count - 2
        text[end - 3] = UInt8(truncatingIfNeeded: 48 + fraction / 100)
        text[end - 2] = UInt8(truncatingIfNeeded: 48 + fraction / 10 % 10)
        text[end - 1] = UInt8(truncatingIfNeeded: 48 + fraction % 10)
        writer.member("time", raw: text)
    }
}
