// Ownership: nothing is kept. Each access borrows the state's own storage for its length; the offset is the one that
// the standard library gives for exactly this key path and these types, and there is none for what is not stored
// inline.

/// A field of the state as nodes read and write it. A stored field of a struct is reached by its offset, found once:
/// a key path's own access costs some hundred instructions each time.
@usableFromInline
struct Projection<State: Sendable, Value: Sendable>: Sendable {
    @usableFromInline let path: any KeyPath<State, Value> & Sendable
    @usableFromInline let offset: Int?

    @inlinable
    init(_ path: any KeyPath<State, Value> & Sendable) {
        self.path = path
        offset = MemoryLayout<State>.offset(of: path)
    }

    @inlinable
    func read(_ state: State) -> Value {
        guard let offset else { return state[keyPath: path] }
        return unsafe withUnsafePointer(to: state) { state in
            unsafe (UnsafeRawPointer(state) + offset).assumingMemoryBound(to: Value.self).pointee
        }
    }
}

extension FieldWriter {
    /// Calls `change` with the field in place.
    @inlinable
    func access(_ state: inout State, _ change: (inout Value) -> Void) {
        guard let offset else { return change(&state[keyPath: path]) }
        unsafe withUnsafeMutablePointer(to: &state) { state in
            unsafe change(&(UnsafeMutableRawPointer(state) + offset).assumingMemoryBound(to: Value.self).pointee)
        }
    }
}
