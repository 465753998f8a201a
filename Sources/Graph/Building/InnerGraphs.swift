internal import Base

extension GraphBuilder {
    /// A node that runs another graph with a state of its own. `enter` makes its first state from the fields that the
    /// node reads, `leave` makes what the node writes from its last. Its failure is the node's, and so is what `enter`
    /// or `leave` throws; its events come with the node's name before theirs: `review/draft`. Costs the set-up of a
    /// run, a few allocations.
    @discardableResult
    public func graph<Inner: Sendable, each Read: Sendable, each Write: Sendable>(
        _ name: String, _ inner: Graph<Inner, Payload>,
        reads: repeat any KeyPath<State, each Read> & Sendable,
        writes: repeat any WritableKeyPath<State, each Write> & Sendable,
        enter: @escaping @Sendable (repeat each Read) throws -> Inner,
        leave: @escaping @Sendable (Inner) throws -> (repeat each Write)
    ) -> Self {
        var readUses: [FieldRead<State>] = []
        repeat readUses.append(FieldRead(each reads))
        var writeUses: [FieldWrite<State>] = []
        repeat writeUses.append(FieldWrite(each writes))
        return add(name, readUses, writeUses, content: .graph(inner, isMapped: false)) { table in
            let writers = (repeat table.writer(each writes))
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return {
                    let update = try leave(try await context.run(inner, from: try enter(repeat each values)))
                    return { store, rounds in
                        repeat (each writers).write(each update, rounds: rounds, to: &store)
                    }
                }
            }
        }
    }

    /// The same for a graph whose last state is not wanted: it is run for its effects and events.
    @discardableResult
    public func graph<Inner: Sendable, each Read: Sendable>(
        _ name: String, _ inner: Graph<Inner, Payload>,
        reads: repeat any KeyPath<State, each Read> & Sendable,
        enter: @escaping @Sendable (repeat each Read) throws -> Inner,
        leave: @escaping @Sendable (Inner) throws -> Void = { _ in }
    ) -> Self {
        var readUses: [FieldRead<State>] = []
        repeat readUses.append(FieldRead(each reads))
        return add(name, readUses, [], content: .graph(inner, isMapped: false)) { _ in
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return {
                    try leave(try await context.run(inner, from: try enter(repeat each values)))
                    return { _, _ in }
                }
            }
        }
    }
}

extension NodeContext {
    /// Runs a graph inside this node.
    func run<Inner: Sendable>(_ graph: Graph<Inner, Payload>, from state: Inner) async throws -> Inner {
        let shown = environment.shownPlace + (item.map { "\(name)[\($0)]/" } ?? "\(name)/")
        let inside = RunEnvironment(
            context: run, names: graph.nodeNames, hearing: environment.hearing, time: environment.time,
            limits: environment.limits, durable: environment.durable,
            place: "\(step)/", shownPlace: shown)
        let machine = GraphMachine(
            graph.topology, activationLimit: environment.limits.activations, deadline: run.deadline)
        var drive = RunDrive(graph: graph, machine: machine, environment: inside, state: state)
        await drive.run()
        return try drive.result()
    }
}
