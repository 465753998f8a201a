import Base
import Synchronization

@testable import Graph

/// A state with a field of each kind of reducer.
struct Board: Codable, Equatable, Sendable {
    var log: [Int] = []
    var sum = 0
    var seen: Set<Int> = []
    var last = 0
    var product = 1
    var plain = 0
    var text: String?
    var error: CodedError?
    var items = [0, 1, 2]
    var mapped: [Int] = []
}

struct Broken: Error, Equatable {
    var node: Int
}

/// Time that stands still until it is moved, or moves by a step with each reading.
final class FixedTime: TimeSource {
    private let nanoseconds: Mutex<UInt64>
    private let step: UInt64

    init(_ nanoseconds: UInt64 = 1000, step: UInt64 = 0) {
        self.nanoseconds = Mutex(nanoseconds)
        self.step = step
    }

    func now() -> Instant {
        nanoseconds.withLock { current in
            defer { current += step }
            return Instant(nanoseconds: current)
        }
    }

    func wallTime() -> WallTime { WallTime(milliseconds: 0) }

    /// Nobody is woken but by being cancelled: tests in which time passes have a `TestClock`.
    func sleep(until instant: Instant) async throws(CancellationError) {
        if now() >= instant { return }
        try? await Signal().wait()
        throw CancellationError()
    }

    func advance(by duration: UInt64) { nanoseconds.withLock { $0 += duration } }
}

/// A signal that is given once and stays given; waiting for it ends with the task's cancellation.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

    func give() { continuation.finish() }

    func wait() async throws {
        for await _ in stream {}
        try Task.checkCancellation()
    }
}

final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    // Counted and copied inside: a reference that leaves the lock would share its storage with the next `add`.
    var count: Int { lines.withLock { $0.count } }
    var all: [String] { lines.withLock { $0.map { $0 } } }
}

func makeContext(deadline: Instant? = nil) -> RunContext {
    RunContext(
        requestID: "req_1", runID: "run_1", scope: .local, deadline: deadline,
        trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
}

/// A builder whose fields all have their reducers.
func boardBuilder<Payload: Sendable>(_ payload: Payload.Type = Never.self) -> GraphBuilder<Board, Payload> {
    GraphBuilder<Board, Payload>("board")
        .field(\.log, .append)
        .field(\.sum, .sum)
        .field(\.seen, .union)
        .field(\.last, .lastValue)
        .field(\.product, .custom { $0 *= $1 })
        .field(\.mapped, .append)
}

func run<Payload: Sendable>(
    _ graph: Graph<Board, Payload>, from board: Board = Board(), limit: Int = 1000
) async throws -> Board {
    try await Runner(graph, time: FixedTime(), limits: RunLimits(activations: limit)).run(board, context: makeContext())
}
