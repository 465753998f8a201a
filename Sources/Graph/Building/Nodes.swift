// One overload for each of the common shapes, and three for all others: what is passed as a parameter pack costs about
// half a microsecond more each time that the node runs. Which one is meant is never said by the caller, and they mean the
// same.
//
// Nodes that write nothing, or read nothing, do not take the form with two packs: an empty pack has no size, the compiler
// (Swift 6.3.1) lets it share its place in the frame of an asynchronous function with the values that were read, and where
// these have more than a hundred words or so it takes the first of them for undefined: a node got 0 for it.

extension GraphBuilder {
    /// Declares a node. `run` gets a context and the values of the fields that it reads, and returns a value for each
    /// field that it writes, in the same order. It is called once for each activation, or for each attempt where the
    /// node has a retry, on the executor that the run prefers; what it throws fails the run unless a policy or an
    /// `onError` edge takes it. Costs under a microsecond an activation besides its own work; this declaration, for any
    /// number of fields but none, half a microsecond more than the specialised ones.
    @inlinable
    @discardableResult
    public func node<each Read: Sendable, each Write: Sendable>(
        _ name: String, reads: repeat any KeyPath<State, each Read> & Sendable,
        writes: repeat any WritableKeyPath<State, each Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, repeat each Read) async throws -> (repeat each Write)
    ) -> Self {
        var readUses: [FieldRead<State>] = []
        repeat readUses.append(FieldRead(each reads))
        var writeUses: [FieldWrite<State>] = []
        repeat writeUses.append(FieldWrite(each writes))
        return add(name, readUses, writeUses) { table in
            let writers = (repeat table.writer(each writes))
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return {
                    let update = try await run(context, repeat each values)
                    return { store, rounds in
                        repeat (each writers).write(each update, rounds: rounds, to: &store)
                    }
                }
            }
        }
    }

    /// The same for any number of fields read and none written.
    @inlinable
    @discardableResult
    public func node<each Read: Sendable>(
        _ name: String, reads: repeat any KeyPath<State, each Read> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, repeat each Read) async throws -> Void
    ) -> Self {
        var readUses: [FieldRead<State>] = []
        repeat readUses.append(FieldRead(each reads))
        return add(name, readUses, []) { _ in
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return {
                    try await run(context, repeat each values)
                    return { _, _ in }
                }
            }
        }
    }

    /// The same for no field read and any number of them written.
    @inlinable
    @discardableResult
    public func node<each Write: Sendable>(
        _ name: String, writes: repeat any WritableKeyPath<State, each Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>) async throws -> (repeat each Write)
    ) -> Self {
        var writeUses: [FieldWrite<State>] = []
        repeat writeUses.append(FieldWrite(each writes))
        return add(name, [], writeUses) { table in
            let writers = (repeat table.writer(each writes))
            return { _, context in
                return {
                    let update = try await run(context)
                    return { store, rounds in
                        repeat (each writers).write(each update, rounds: rounds, to: &store)
                    }
                }
            }
        }
    }

    /// The same for a node without fields, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node(
        _ name: String,
        run: @escaping @Sendable (NodeContext<Payload>) async throws -> Void
    ) -> Self {
        add(name, [], []) { _ in
            { _, context in
                return {
                    try await run(context)
                    return { _, _ in }
                }
            }
        }
    }

    /// The same for one field read and none written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1) async throws -> Void
    ) -> Self {
        add(name, [FieldRead(read1)], []) { _ in
            let field1 = Projection(read1)
            return { state, context in
                let value1 = field1.read(state)
                return {
                    try await run(context, value1)
                    return { _, _ in }
                }
            }
        }
    }

    /// The same for two fields read and none written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, R2: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        _ read2: any KeyPath<State, R2> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1, R2) async throws -> Void
    ) -> Self {
        add(name, [FieldRead(read1), FieldRead(read2)], []) { _ in
            let field1 = Projection(read1)
            let field2 = Projection(read2)
            return { state, context in
                let value1 = field1.read(state)
                let value2 = field2.read(state)
                return {
                    try await run(context, value1, value2)
                    return { _, _ in }
                }
            }
        }
    }

    /// The same for three fields read and none written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, R2: Sendable, R3: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        _ read2: any KeyPath<State, R2> & Sendable,
        _ read3: any KeyPath<State, R3> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1, R2, R3) async throws -> Void
    ) -> Self {
        add(name, [FieldRead(read1), FieldRead(read2), FieldRead(read3)], []) { _ in
            let field1 = Projection(read1)
            let field2 = Projection(read2)
            let field3 = Projection(read3)
            return { state, context in
                let value1 = field1.read(state)
                let value2 = field2.read(state)
                let value3 = field3.read(state)
                return {
                    try await run(context, value1, value2, value3)
                    return { _, _ in }
                }
            }
        }
    }

    /// The same for five fields read and none written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, R2: Sendable, R3: Sendable, R4: Sendable, R5: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        _ read2: any KeyPath<State, R2> & Sendable,
        _ read3: any KeyPath<State, R3> & Sendable,
        _ read4: any KeyPath<State, R4> & Sendable,
        _ read5: any KeyPath<State, R5> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1, R2, R3, R4, R5) async throws -> Void
    ) -> Self {
        let reads = [FieldRead(read1), FieldRead(read2), FieldRead(read3), FieldRead(read4), FieldRead(read5)]
        return add(name, reads, []) { _ in
            let field1 = Projection(read1)
            let field2 = Projection(read2)
            let field3 = Projection(read3)
            let field4 = Projection(read4)
            let field5 = Projection(read5)
            return { state, context in
                let value1 = field1.read(state)
                let value2 = field2.read(state)
                let value3 = field3.read(state)
                let value4 = field4.read(state)
                let value5 = field5.read(state)
                return {
                    try await run(context, value1, value2, value3, value4, value5)
                    return { _, _ in }
                }
            }
        }
    }

    /// The same for no field read and one written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<Write: Sendable>(
        _ name: String,
        writes write: any WritableKeyPath<State, Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>) async throws -> Write
    ) -> Self {
        add(name, [], [FieldWrite(write)]) { table in
            let writer = table.writer(write)
            return { _, context in
                return {
                    let update = try await run(context)
                    return { store, rounds in writer.write(update, rounds: rounds, to: &store) }
                }
            }
        }
    }

    /// The same for one field read and one written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, Write: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        writes write: any WritableKeyPath<State, Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1) async throws -> Write
    ) -> Self {
        add(name, [FieldRead(read1)], [FieldWrite(write)]) { table in
            let field1 = Projection(read1)
            let writer = table.writer(write)
            return { state, context in
                let value1 = field1.read(state)
                return {
                    let update = try await run(context, value1)
                    return { store, rounds in writer.write(update, rounds: rounds, to: &store) }
                }
            }
        }
    }

    /// The same for one field read and two written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, W1: Sendable, W2: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        writes write1: any WritableKeyPath<State, W1> & Sendable,
        _ write2: any WritableKeyPath<State, W2> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1) async throws -> (W1, W2)
    ) -> Self {
        add(name, [FieldRead(read1)], [FieldWrite(write1), FieldWrite(write2)]) { table in
            let field1 = Projection(read1)
            let writer1 = table.writer(write1)
            let writer2 = table.writer(write2)
            return { state, context in
                let value1 = field1.read(state)
                return {
                    let (update1, update2) = try await run(context, value1)
                    return { store, rounds in
                        writer1.write(update1, rounds: rounds, to: &store)
                        writer2.write(update2, rounds: rounds, to: &store)
                    }
                }
            }
        }
    }

    /// The same for two fields read and one written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, R2: Sendable, Write: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        _ read2: any KeyPath<State, R2> & Sendable,
        writes write: any WritableKeyPath<State, Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1, R2) async throws -> Write
    ) -> Self {
        add(name, [FieldRead(read1), FieldRead(read2)], [FieldWrite(write)]) { table in
            let field1 = Projection(read1)
            let field2 = Projection(read2)
            let writer = table.writer(write)
            return { state, context in
                let value1 = field1.read(state)
                let value2 = field2.read(state)
                return {
                    let update = try await run(context, value1, value2)
                    return { store, rounds in writer.write(update, rounds: rounds, to: &store) }
                }
            }
        }
    }

    /// The same for three fields read and one written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, R2: Sendable, R3: Sendable, Write: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        _ read2: any KeyPath<State, R2> & Sendable,
        _ read3: any KeyPath<State, R3> & Sendable,
        writes write: any WritableKeyPath<State, Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1, R2, R3) async throws -> Write
    ) -> Self {
        add(name, [FieldRead(read1), FieldRead(read2), FieldRead(read3)], [FieldWrite(write)]) { table in
            let field1 = Projection(read1)
            let field2 = Projection(read2)
            let field3 = Projection(read3)
            let writer = table.writer(write)
            return { state, context in
                let value1 = field1.read(state)
                let value2 = field2.read(state)
                let value3 = field3.read(state)
                return {
                    let update = try await run(context, value1, value2, value3)
                    return { store, rounds in writer.write(update, rounds: rounds, to: &store) }
                }
            }
        }
    }

    /// The same for five fields read and one written, specialised: half a microsecond less.
    @inlinable
    @discardableResult
    public func node<R1: Sendable, R2: Sendable, R3: Sendable, R4: Sendable, R5: Sendable, Write: Sendable>(
        _ name: String,
        reads read1: any KeyPath<State, R1> & Sendable,
        _ read2: any KeyPath<State, R2> & Sendable,
        _ read3: any KeyPath<State, R3> & Sendable,
        _ read4: any KeyPath<State, R4> & Sendable,
        _ read5: any KeyPath<State, R5> & Sendable,
        writes write: any WritableKeyPath<State, Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, R1, R2, R3, R4, R5) async throws -> Write
    ) -> Self {
        let reads = [FieldRead(read1), FieldRead(read2), FieldRead(read3), FieldRead(read4), FieldRead(read5)]
        return add(name, reads, [FieldWrite(write)]) { table in
            let field1 = Projection(read1)
            let field2 = Projection(read2)
            let field3 = Projection(read3)
            let field4 = Projection(read4)
            let field5 = Projection(read5)
            let writer = table.writer(write)
            return { state, context in
                let value1 = field1.read(state)
                let value2 = field2.read(state)
                let value3 = field3.read(state)
                let value4 = field4.read(state)
                let value5 = field5.read(state)
                return {
                    let update = try await run(context, value1, value2, value3, value4, value5)
                    return { store, rounds in writer.write(update, rounds: rounds, to: &store) }
                }
            }
        }
    }

    @inlinable
    func add(
        _ name: String, _ reads: [FieldRead<State>], _ writes: [FieldWrite<State>], content: NodeContent = .work,
        body: @escaping (FieldTable) -> Prepare<State, Payload>
    ) -> Self {
        nodes.append(NodeDeclaration(name: name, reads: reads, writes: writes, content: content, body: body))
        return self
    }
}
