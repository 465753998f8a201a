/// How a write joins what a field already holds. Without one a write replaces the value, and two nodes that may run
/// at the same time may not both write the field.
public struct Reducer<Value: Sendable>: Sendable {
    /// `nil` replaces.
    @usableFromInline let combine: (@Sendable (inout Value, Value) -> Void)?

    /// Replaces; of concurrent writes the one of the node declared last stays.
    public static var lastValue: Reducer { Reducer(combine: nil) }

    /// `combine(&value, update)`, called once for each write, in the same order whatever finishes first.
    public static func custom(_ combine: @escaping @Sendable (inout Value, Value) -> Void) -> Reducer {
        Reducer(combine: combine)
    }
}

extension Reducer where Value: RangeReplaceableCollection {
    /// Appends what a node returns.
    public static var append: Reducer { Reducer { $0.append(contentsOf: $1) } }
}

extension Reducer where Value: AdditiveArithmetic {
    public static var sum: Reducer { Reducer { $0 += $1 } }
}

extension Reducer where Value: SetAlgebra {
    public static var union: Reducer { Reducer { $0.formUnion($1) } }
}

/// Who gives a field its first value.
public enum FieldOrigin: Sendable {
    /// The initial state; it may be read anywhere.
    case input
    /// A node: reading it where no node before has written it is a mistake.
    case nodes
}
