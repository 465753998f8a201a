/// A text that must not be seen: a key, a password. Printing, interpolating, dumping and reflecting it show `***`;
/// only `reveal()` gives the text, so that a search for it finds every place that handles the real value.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What stands for a secret wherever one is shown.
    public static let mask = "***"

    private let text: String

    public init(_ text: String) { self.text = text }

    /// The text itself. Hand it to the one call that needs it; never keep, log or put it into an error.
    public func reveal() -> String { text }

    public var description: String { Secret.mask }
    public var debugDescription: String { Secret.mask }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
