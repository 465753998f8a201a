public import Base

/// What a node's work hands back that has a child task of its own. Not generic: in code that the compiler does not
/// specialise, an immediate child task whose result has a generic type loses the executor that its run prefers
/// (Swift 6.3).
@usableFromInline
struct Arrival: Sendable {
    @usableFromInline let node: Int
    /// An `UpdateBox` of the run's state.
    @usableFromInline let update: (any Sendable)?
    @usableFromInline let error: (any Error)?
    @usableFromInline let at: Instant?

    @inlinable
    init(node: Int, update: (any Sendable)?, error: (any Error)?, at: Instant?) {
        self.node = node
        self.update = update
        self.error = error
        self.at = at
    }
}

/// Small enough to lie in an existential without an allocation.
@usableFromInline
struct UpdateBox<State: Sendable>: Sendable {
    @usableFromInline let update: Update<State>

    @inlinable
    init(update: @escaping Update<State>) { self.update = update }
}
