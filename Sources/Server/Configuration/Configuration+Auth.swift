public import Base
public import Identity

extension Configuration {
    /// Who may ask.
    public struct Auth: Sendable, Equatable {
        public enum Mode: String, Sendable, CaseIterable {
            /// Everybody who reaches the server; on loopback only.
            case open
            /// Whoever has one of `keys`.
            case keys
        }

        public internal(set) var mode = Mode.open
        /// `nil` for the one of the file in the data folder.
        public internal(set) var pepper: Secret?
        /// In the order of the file.
        public internal(set) var keys: [CallerKey] = []
    }
}
