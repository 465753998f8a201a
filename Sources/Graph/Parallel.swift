internal import Base
internal import Synchronization

// No array of closures is taken: where its type is not exactly this module's (`@concurrent`, without `throws`…), the
// compiler converts it with a cast that crashes at run time. `parallel(closures) { try await $0() }` is the same and
// converts nothing.

/// Does `work` for all items side by side and returns the results in their order; for at most `limit` at once (at least
/// one, all of them without a limit), begun in order.
///
/// The first error that is thrown cancels the others and keeps those yet to begin from beginning; it is rethrown once
/// all have ended. The caller's cancellation reaches all that run; what has not begun by then never does, and the call
/// throws `CancellationError`. Children inherit the caller's executor preference, priority and task-local values.
/// Costs a child task for each item, of which no more than `limit` live at a time.
public func parallel<Item: Sendable, Value: Sendable>(
    _ items: some Collection<Item>, limit: Int? = nil, _ work: @escaping @Sendable (Item) async throws -> Value
) async throws -> [Value] {
    let limit = max(1, limit ?? .max)
    return try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        var results: [Value?] = Array(repeating: nil, count: items.count)
        for (position, item) in items.enumerated() {
            if position >= limit, let (done, value) = try await group.next() { results[done] = value }
            guard group.addTaskUnlessCancelled(operation: { (position, try await work(item)) }) else {
                throw CancellationError()
            }
        }
        while let (done, value) = try await group.next() { results[done] = value }
        return results.compactMap(\.self)
    }
}

// Fixed numbers of closures: one written into a parameter pack does not become `@Sendable` by itself.

/// Runs two pieces of work of different types side by side and returns both results. Errors and cancellation as in
/// ``parallel(_:limit:_:)``. Costs a child task and an allocation each.
public func parallel<A: Sendable, B: Sendable>(
    _ a: @escaping @Sendable () async throws -> A, _ b: @escaping @Sendable () async throws -> B
) async throws -> (A, B) {
    try await results(of: Entry(a), Entry(b))
}

/// The same for three, at the same cost each.
public func parallel<A: Sendable, B: Sendable, C: Sendable>(
    _ a: @escaping @Sendable () async throws -> A, _ b: @escaping @Sendable () async throws -> B,
    _ c: @escaping @Sendable () async throws -> C
) async throws -> (A, B, C) {
    try await results(of: Entry(a), Entry(b), Entry(c))
}

/// The same for four, at the same cost each.
public func parallel<A: Sendable, B: Sendable, C: Sendable, D: Sendable>(
    _ a: @escaping @Sendable () async throws -> A, _ b: @escaping @Sendable () async throws -> B,
    _ c: @escaping @Sendable () async throws -> C, _ d: @escaping @Sendable () async throws -> D
) async throws -> (A, B, C, D) {
    try await results(of: Entry(a), Entry(b), Entry(c), Entry(d))
}

private func results<each Value: Sendable>(
    of entries: repeat Entry<each Value>
) async throws -> (repeat each Value) {
    var all: [any Runnable] = []
    repeat all.append(each entries)
    _ = try await parallel(all) { try await $0.run() }
    return (repeat try (each entries).result())
}

private protocol Runnable: Sendable {
    func run() async throws
}

/// Work whose result is kept beside it, so that work of different types fits into one task group.
private final class Entry<Value: Sendable>: Runnable {
    private let work: @Sendable () async throws -> Value
    private let value = Mutex<Value?>(nil)

    init(_ work: @escaping @Sendable () async throws -> Value) { self.work = work }

    func run() async throws {
        let result = try await work()
        value.withLock { $0 = result }
    }

    /// - Throws: before `run` has returned.
    func result() throws(CodedError) -> Value {
        guard let value = value.withLock(\.self) else {
            throw CodedError(.internalError, "A branch was asked for its result before it had one.")
        }
        return value
    }
}

/// Does `work` for all items side by side and returns the result of the first that succeeds; the others are cancelled,
/// and have ended when the call returns. At most `limit` at once (at least one, all of them without a limit), begun in
/// order: the next one begins when one has failed.
///
/// Failures are passed over as long as one can still succeed. When all have failed, the error of the first item is
/// thrown, whenever it came: what is named first is what one wants to hear about. After a cancellation of the caller,
/// which reaches all, that is `CancellationError` instead. A race without items throws a `CodedError`
/// (`internal_error`). Children inherit the caller's executor preference, priority and task-local values. Costs a child
/// task for each item that is begun, of which no more than `limit` live at a time.
public func race<Item: Sendable, Value: Sendable>(
    _ items: some Collection<Item>, limit: Int? = nil, _ work: @escaping @Sendable (Item) async throws -> Value
) async throws -> Value {
    let limit = max(1, limit ?? .max)
    let result = await withTaskGroup(
        of: (position: Int, result: Result<Value, any Error>).self, returning: Result<Value, any Error>.self
    ) { group in
        var first = (position: Int.max, error: CodedError(.internalError, "A race needs an entry.") as any Error)
        var waiting = items.enumerated().makeIterator()
        func begin() {
            guard let (position, item) = waiting.next() else { return }
            // In a race that is cancelled the next one has nothing to win.
            _ = group.addTaskUnlessCancelled {
                do { return (position, .success(try await work(item))) } catch { return (position, .failure(error)) }
            }
        }
        for _ in 0..<min(limit, items.count) { begin() }
        while let (position, result) = await group.next() {
            switch result {
            case .success:
                group.cancelAll()
                return result
            case .failure(let error): if position < first.position { first = (position, error) }
            }
            begin()
        }
        return .failure(Task.isCancelled && !items.isEmpty ? CancellationError() : first.error)
    }
    return try result.get()
}

/// The same for entries that are written down one by one, with the same errors and costs:
/// `race({ try await near() }, { try await far() })`.
public func race<Value: Sendable>(
    _ first: @escaping @Sendable () async throws -> Value, _ others: (@Sendable () async throws -> Value)...
) async throws -> Value {
    try await race([first] + others) { try await $0() }
}
