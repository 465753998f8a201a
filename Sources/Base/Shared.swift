/// A value of many parts that is handed around unchanged: copying it costs one reference count, whatever it holds.
public final class Shared<Value: Sendable>: Sendable {
    public let value: Value

    @inlinable public init(_ value: consuming Value) { self.value = value }
}

extension Shared: Equatable where Value: Equatable {
    public static func == (one: Shared, other: Shared) -> Bool { one === other || one.value == other.value }
}

extension Shared: Hashable where Value: Hashable {
    public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
