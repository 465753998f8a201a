/// A value of many parts that is handed around unchanged: copying it costs one reference count, whatever it holds.
public final class Shared<Value: Sendable>: Sendable {
    public let value: Value

    public init(_ value: consuming Value) { self.value = value }
}
