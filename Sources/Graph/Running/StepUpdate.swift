/// What a step wrote, field by field.
public struct StepUpdate: Sendable {
    /// With the graphs around it: `review/draft`.
    public let node: String
    /// The node's how many-th activation it was, from 1.
    public let round: Int
    private let state: ObjectIdentifier
    private let writes: [FieldValue]

    init<State>(node: String, round: Int, state: State.Type, writes: [FieldValue]) {
        self.node = node
        self.round = round
        self.state = ObjectIdentifier(state)
        self.writes = writes
    }

    /// The names of the fields, in the order of writing. Costs a few string allocations each.
    public var fields: [String] { writes.map { FieldUse.name(of: $0.path) } }

    /// What was written to a field, before a reducer joined it; `nil` for a field that the step did not write or that
    /// belongs to another graph's state. O(fields written).
    public subscript<State, Value>(_ path: any KeyPath<State, Value> & Sendable) -> Value? {
        guard ObjectIdentifier(State.self) == state else { return nil }
        return writes.last { $0.path as AnyKeyPath == path as AnyKeyPath }?.value as? Value
    }
}

/// The state of a run after a step.
public struct StateValue: Sendable {
    /// With the graphs around it: `review/draft`.
    public let node: String
    /// The node's how many-th activation it was, from 1.
    public let round: Int
    private let state: any Sendable

    init(node: String, round: Int, state: some Sendable) {
        self.node = node
        self.round = round
        self.state = state
    }

    /// The state, if it is one of this type; that of a graph inside a node has the inner graph's. O(1).
    public func of<State: Sendable>(_ type: State.Type) -> State? { state as? State }
}

/// One write of a step.
@usableFromInline
struct FieldValue: Sendable {
    @usableFromInline let path: any AnyKeyPath & Sendable
    @usableFromInline let value: any Sendable

    @inlinable
    init(path: any AnyKeyPath & Sendable, value: any Sendable) {
        self.path = path
        self.value = value
    }
}
