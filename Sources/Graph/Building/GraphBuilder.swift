public import Base

/// Collects a graph's fields, nodes and edges; `build()` checks the whole and lists every mistake at once.
///
///     let graph = try GraphBuilder<ChatState, ChatEvent>("chat")
///         .field(\.scores, .append)
///         .node("plan", reads: \.request, writes: \.plan) { context, request in try await plan(request, context.run) }
///         .node("answer", reads: \.plan, writes: \.answer) { context, plan in … }
///         .start("plan")
///         .edge("plan", to: "answer")
///         .end("answer")
///         .build()
///
/// A node sees the fields that it reads and returns one value for each field that it writes, in that order; anything
/// else doesn't compile. `Payload` is what its nodes emit (`Never` for nothing). Fields must be stored properties.
///
/// A declaration never fails: what is wrong with it is a complaint of ``build()``. It costs O(1) for each node and
/// field that it names. Not `Sendable`: one task puts a graph together, and the graph may then go anywhere.
public final class GraphBuilder<State: Sendable, Payload: Sendable> {
    let name: String
    var fields: [FieldDeclaration] = []
    @usableFromInline var nodes: [NodeDeclaration<State, Payload>] = []
    var edges: [EdgeDeclaration] = []
    var routes: [RouteDeclaration<State>] = []
    var recordings: [Recording<State>] = []
    var starts: [String] = []
    var ends: [String] = []
    var deferred: [String] = []
    var policies: [PolicyDeclaration] = []
    /// Nodes that retry in what they call.
    var retrying: [String] = []
    var fallbacks: [FallbackDeclaration<State, Payload>] = []
    var priorities: [(node: String, priority: Int)] = []
    /// What was wrong with a declaration itself.
    var complaints: [String] = []

    /// The name is shown in drawings and errors; kept runs and cached results belong to it. O(1).
    public init(_ name: String) { self.name = name }

    /// Declares how writes join a field and who gives it its first value. Without a declaration a field comes with
    /// the initial state and a write replaces it. Once a field.
    @discardableResult
    public func field<Value: Sendable>(
        _ path: any WritableKeyPath<State, Value> & Sendable, _ reducer: Reducer<Value>? = nil,
        from origin: FieldOrigin = .input
    ) -> Self {
        fields.append(FieldDeclaration(use: FieldUse(path), reducer: reducer, origin: origin))
        return self
    }

    /// Edges that are taken whenever `source` succeeds; to several nodes they start branches beside one another.
    /// Edges of several nodes to one join: it runs once all of them have settled, if at least one was taken.
    @discardableResult
    public func edge(_ source: String, to targets: String...) -> Self {
        for target in targets { edges.append(EdgeDeclaration(source: source, target: target, kind: .always)) }
        return self
    }

    /// An edge that is taken when `source` throws, whatever it throws, a `CancellationError` of its own included; the
    /// branches beside it then go on. It is not taken when the run itself is cancelled or its deadline passes.
    @discardableResult
    public func onError(_ source: String, to target: String) -> Self {
        edges.append(EdgeDeclaration(source: source, target: target, kind: .onError))
        return self
    }

    /// The same, with the error noted in a field, as `CodedError(any:)` shows it: one without a code becomes
    /// `internal_error` with its type as detail.
    @discardableResult
    public func onError(
        _ source: String, to target: String, recording path: any WritableKeyPath<State, CodedError?> & Sendable
    ) -> Self {
        recordings.append(
            Recording(node: source, use: FieldUse(path)) { table in
                let writer = table.writer(path)
                return { store, rounds, error in writer.write(CodedError(any: error), rounds: rounds, to: &store) }
            })
        return onError(source, to: target)
    }

    /// Where the run begins; several starts begin beside one another.
    @discardableResult
    public func start(_ names: String...) -> Self {
        starts += names
        return self
    }

    /// Where a run may end. A run finishes when nothing is left to do, and must then have passed an end.
    @discardableResult
    public func end(_ names: String...) -> Self {
        ends += names
        return self
    }

    /// Nodes that wait until all the rest has settled, whatever their edges say; only nodes that come after them run
    /// later.
    @discardableResult
    public func deferred(_ names: String...) -> Self {
        deferred += names
        return self
    }

    /// Checks the graph and makes it. Throws one ``GraphBuildError`` with all complaints. O(nodes × edges / 64) without
    /// loops, O(nodes × edges) with loops.
    public func build() throws(GraphBuildError) -> Graph<State, Payload> {
        try GraphAssembly(self).graph()
    }
}

struct EdgeDeclaration {
    let source: String
    let target: String
    let kind: Topology.EdgeKind
}

@usableFromInline
struct NodeDeclaration<State: Sendable, Payload: Sendable> {
    let name: String
    let reads: [FieldRead<State>]
    let writes: [FieldWrite<State>]
    let content: NodeContent
    let body: (FieldTable) -> Prepare<State, Payload>

    @usableFromInline
    init(
        name: String, reads: [FieldRead<State>], writes: [FieldWrite<State>], content: NodeContent = .work,
        body: @escaping (FieldTable) -> Prepare<State, Payload>
    ) {
        self.name = name
        self.reads = reads
        self.writes = writes
        self.content = content
        self.body = body
    }
}

struct RouteDeclaration<State: Sendable> {
    let source: String
    let reads: [FieldUse]
    let targets: [String]
    /// At most one target is chosen.
    let isExclusive: Bool
    let decide: @Sendable (borrowing State) throws(UnknownRoute) -> Choice
}

struct Recording<State: Sendable> {
    let node: String
    let use: FieldUse
    let body: (FieldTable) -> @Sendable (inout StateStore<State>, [Int], any Error) -> Void
}
