internal import Base
internal import JSON

extension GraphBuilder {
    /// A node that works on each item of a list, at most `limit` at a time, and writes the results in the list's
    /// order. The first item that fails cancels the others and fails the node. Of a run that is kept, items that are
    /// done are not worked on again. An item that waits for an answer gives its place up before the run parks, so that
    /// all that can be asked is asked. Costs a child task an item, and in a kept run an entry an item.
    @discardableResult
    public func map<Items: RandomAccessCollection & Sendable, Result: Sendable, each Read: Sendable>(
        _ name: String, over items: any KeyPath<State, Items> & Sendable,
        reads: repeat any KeyPath<State, each Read> & Sendable,
        writes path: any WritableKeyPath<State, [Result]> & Sendable,
        limit: Int,
        run: @escaping @Sendable (NodeContext<Payload>, Items.Element, repeat each Read) async throws -> Result
    ) -> Self where Items.Element: Sendable {
        let codec = FieldCodec<Result>.make()
        return addMap(
            name, over: items, reads: repeat each reads, writes: path, limit: limit, codec: codec,
            content: .items(unkeptType: codec == nil ? String(describing: Result.self) : nil), run: run)
    }

    /// The same with a graph for each item. What the graph, `enter` or `leave` throws is the item's failure. Costs the
    /// set-up of a run an item besides, a few allocations.
    @discardableResult
    public func map<Items: RandomAccessCollection & Sendable, Inner: Sendable, Result: Sendable, each Read: Sendable>(
        _ name: String, over items: any KeyPath<State, Items> & Sendable, _ inner: Graph<Inner, Payload>,
        reads: repeat any KeyPath<State, each Read> & Sendable,
        writes path: any WritableKeyPath<State, [Result]> & Sendable,
        limit: Int,
        enter: @escaping @Sendable (Items.Element, repeat each Read) throws -> Inner,
        leave: @escaping @Sendable (Inner) throws -> Result
    ) -> Self where Items.Element: Sendable {
        let codec = FieldCodec<Result>.make()
        return addMap(
            name, over: items, reads: repeat each reads, writes: path, limit: limit, codec: codec,
            content: .graph(inner, isMapped: true)
        ) { (context: NodeContext<Payload>, item: Items.Element, values: repeat each Read) in
            try leave(try await context.run(inner, from: try enter(item, repeat each values)))
        }
    }

    private func addMap<Items: RandomAccessCollection & Sendable, Result: Sendable, each Read: Sendable>(
        _ name: String, over items: any KeyPath<State, Items> & Sendable,
        reads: repeat any KeyPath<State, each Read> & Sendable,
        writes path: any WritableKeyPath<State, [Result]> & Sendable,
        limit: Int, codec: FieldCodec<Result>?, content: NodeContent,
        run: @escaping @Sendable (NodeContext<Payload>, Items.Element, repeat each Read) async throws -> Result
    ) -> Self where Items.Element: Sendable {
        if limit < 1 {
            complaints.append("The list of node \"\(name)\" has a limit of \(limit): let it be at least 1.")
        }
        var uses = [FieldRead<State>(items)]
        repeat uses.append(FieldRead(each reads))
        return add(name, uses, [FieldWrite(path)], content: content) { table in
            let writer = table.writer(path)
            let list = Projection(items)
            let fields = (repeat Projection(each reads))
            return { state, context in
                let items = list.read(state)
                let values = (repeat (each fields).read(state))
                return {
                    var work = ItemWork<Result, Payload>(context: context, codec: codec, count: items.count)
                    let results = try await work.run(limit: limit) { context, index in
                        let item = items[items.index(items.startIndex, offsetBy: index)]
                        return try await run(context, item, repeat each values)
                    }
                    return { store, rounds in writer.write(results, rounds: rounds, to: &store) }
                }
            }
        }
    }
}

/// What an item's task hands back; not generic, as `Arrival` is not.
private struct ItemArrival: Sendable {
    let index: Int
    /// An `ItemBox`.
    var result: (any Sendable)?
    var error: (any Error)?
}

private struct ItemBox<Value: Sendable>: Sendable {
    let value: Value
}

/// One activation of a node that works on a list.
struct ItemWork<Result: Sendable, Payload: Sendable> {
    private let context: NodeContext<Payload>
    private let codec: FieldCodec<Result>?
    private var results: [Result?]
    /// Hands of finished items that the inbox still counts, as in a drive.
    private var hands = 1

    init(context: NodeContext<Payload>, codec: FieldCodec<Result>?, count: Int) {
        self.context = context
        self.codec = codec
        results = Array(repeating: nil, count: count)
    }

    mutating func run(
        limit: Int, _ work: @escaping @Sendable (NodeContext<Payload>, Int) async throws -> Result
    ) async throws -> [Result] {
        try restore()
        let open = results.indices.filter { results[$0] == nil }
        var failure: (any Error)?
        let durable = context.environment.durable
        await withTaskGroup(of: ItemArrival.self) { group in
            var next = 0
            var running = 0
            while next < open.count || running > 0 {
                while next < open.count, running < limit, failure == nil || failure is Parked {
                    let index = open[next]
                    next += 1
                    running += 1
                    durable?.inbox.takeHands(1)
                    let context = NodeContext(
                        environment: context.environment, node: context.node, activation: context.activation,
                        item: index)
                    group.addImmediateTask {
                        do {
                            return ItemArrival(index: index, result: ItemBox(value: try await work(context, index)))
                        } catch {
                            return ItemArrival(index: index, error: error)
                        }
                    }
                }
                // The last hand is kept for telling how it ended.
                guard running > 0 else { break }
                letGo()
                guard let arrival = await group.next() else { break }
                running -= 1
                hands += 1
                do {
                    if let error = arrival.error { throw error }
                    guard let box = arrival.result as? ItemBox<Result> else {
                        throw CodedError(.internalError, "An item of \"\(context.name)\" ended without a result.")
                    }
                    results[arrival.index] = box.value
                    if failure == nil || failure is Parked { try await keep(box.value, arrival.index) }
                } catch {
                    // A failure outweighs an item that waits for an answer.
                    if failure == nil || failure is Parked && !(error is Parked) { failure = error }
                    if !(error is Parked) { group.cancelAll() }
                }
            }
        }
        if hands != 1 { durable?.inbox.takeHands(1 - hands) }
        if let failure { throw failure }
        try Task.checkCancellation()
        return results.compactMap { $0 }
    }

    private mutating func letGo() {
        guard hands > 0, let inbox = context.environment.durable?.inbox else { return }
        let count = hands
        hands = 0
        inbox.letGo(count)
    }

    // MARK: Keeping

    private mutating func restore() throws {
        guard let durable = context.environment.durable, let codec, let kept = durable.items[context.step] else {
            return
        }
        for (index, bytes) in kept where results.indices.contains(index) {
            do {
                results[index] = try codec.decode(JSONDocument(bytes, maxDepth: StepRecord.maxDepth).root)
            } catch {
                let fault = CodedError.unreadableCheckpoint("a result of \"\(context.name)\" that is \(error)")
                durable.journal.giveUp(fault)
                throw fault
            }
        }
    }

    private func keep(_ result: Result, _ index: Int) async throws {
        guard let durable = context.environment.durable, let codec else { return }
        var writer = JSONWriter(reserving: 64)
        do throws(JSONCodingError) {
            try codec.encode(result, &writer)
        } catch {
            throw CodedError(
                .internalError, "A step's result cannot be kept.",
                detail: "item \(index) of \"\(context.name)\": \(error.message)")
        }
        try await durable.journal.commit(
            StepRecord(
                place: context.environment.place, node: context.environment.plainNames[context.node],
                activation: context.activation, event: .item(index, result: writer.bytes)))
    }
}
