internal import Base
internal import Identity

extension Gatekeeper.Rule {
    /// What the configuration asks for. Reads the pepper where there are keys, so it blocks for a small file.
    /// - Throws: `keys_unusable` where the pepper is not there, or is another one than the hashes were made under.
    init(_ configuration: Configuration) throws(CodedError) {
        switch configuration.auth.mode {
        case .open: self = .open
        case .keys:
            let pepper = try PepperFile.pepper(of: configuration, making: false)
            self = .keys(try KeyRing(configuration.auth.keys, pepper: pepper))
        }
    }
}
