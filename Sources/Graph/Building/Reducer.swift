/// How a write joins what a field already holds. Without one a write replaces the value, and two nodes that may run
/// at the same time may not both write the field.
public struct Reducer<Value: Sendable>: Sendable {
    /// `nil` replaces.
    @usableFromInline let combine: (@Sendable (inout Value, Value) -> Void)?
    /// Tells kinds of reducers apart in a graph's fingerprint.
    let name: String

    init(_ name: String, _ combine: (@Sendable (inout Value, Value) -> Void)?) {
        self.name = name
        self.combine = combine
    }

    /// Replaces; of concurrent writes the one of the node declared last stays. O(1).
    public static var lastValue: Reducer { Reducer("last", nil) }

    /// `combine(&value, update)`, called once for each write, in the same order whatever finishes first. Must depend on
    /// its arguments alone: going back calls it again, and so do the filling of a cache and events of the kind
    /// ``EventKinds/values``, on copies.
    public static func custom(_ combine: @escaping @Sendable (inout Value, Value) -> Void) -> Reducer {
        Reducer("custom", combine)
    }
}

extension Reducer where Value: RangeReplaceableCollection {
    /// Appends what a node returns. O(elements written), amortised.
    public static var append: Reducer { Reducer("append") { $0.append(contentsOf: $1) } }
}

extension Reducer where Value: AdditiveArithmetic {
    /// Adds what a node returns, as `+=` of the type does. O(1) for numbers.
    public static var sum: Reducer { Reducer("sum") { $0 += $1 } }
}

extension Reducer where Value: FixedWidthInteger {
    /// Adds what a node returns; stays at the type's largest or smallest value instead of overflowing. O(1).
    public static var sum: Reducer {
        Reducer("sum") { sum, value in
            let (result, overflows) = sum.addingReportingOverflow(value)
            sum = overflows ? (value > 0 ? .max : .min) : result
        }
    }
}

extension Reducer where Value: SetAlgebra {
    /// Adds the members that a node returns. O(elements written).
    public static var union: Reducer { Reducer("union") { $0.formUnion($1) } }
}

/// Who gives a field its first value.
public enum FieldOrigin: Sendable {
    /// The initial state; it may be read anywhere.
    case input
    /// A node: reading it where no node before has written it is a mistake.
    case nodes
}
