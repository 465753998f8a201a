internal import Base
internal import Identity

extension ConfigurationKey {
    static let auth: [ConfigurationKey] = [
        choice(
            "auth.mode", \.auth.mode,
            "Who may ask: open is for everybody who reaches the server, on loopback alone; keys for the callers of "
                + "`auth.keys`. Where nobody sets it, keys as soon as there are some."),
        one(
            "auth.pepper", \.auth.pepper,
            "The secret under which keys are hashed; best `${NAME}`. Without it, that of the file `pepper` in the data "
                + "folder, which `tutti keys` makes.",
            "a text of \(Pepper.lengths.lowerBound) to \(Pepper.lengths.upperBound) printable characters without "
                + "spaces",
            read: { text in
                // What `config show` writes for none.
                if text.isEmpty { return .some(nil) }
                let isSound =
                    Pepper.lengths.contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
                return isSound ? .some(.some(Secret(text))) : nil
            },
            show: { $0?.description ?? "" }),
    ]

    /// Lists of members, which no single text sets.
    static let lists: Set = ["auth.keys", "guards.patterns"]
}
