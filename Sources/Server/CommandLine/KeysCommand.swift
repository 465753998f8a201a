internal import Base
internal import Identity
internal import JSON

/// `tutti keys new` and `tutti keys hash`. The key and the hash go to standard output, alone, so that they can be
/// piped; no key is ever an argument, since every process may read those.
enum KeysCommand {
    static func run(_ options: KeysOptions, _ environment: [String: String]) -> Int32 {
        var flags = options.flags
        flags.allowChaos = true
        flags.makesKeys = true
        guard let configuration = TuttiCommand.load(flags, environment)?.configuration else { return 2 }
        do throws(CodedError) {
            let pepper = try PepperFile.pepper(of: configuration, making: true)
            let key = options.action == .new ? Entropy.key() : try given()
            guard let hash = pepper.hash(Array(key.reveal().utf8)) else {
                throw CodedError(.keysUnusable, "There is no memory to hash the key.")
            }
            return tell(key, hash, options)
        } catch {
            TuttiCommand.tellError(error.message, environment)
            return 2
        }
    }

    /// The key on standard input: its first and only line.
    private static func given() throws(CodedError) -> Secret {
        if StandardStreams.isTerminalInput {
            StandardStreams.write("The key, which will be visible: ", to: .error)
        }
        return try key(in: StandardStreams.readInput(limit: 4096, isLine: StandardStreams.isTerminalInput))
    }

    /// - Throws: `invalid_value` with a sentence that quotes nothing of the input.
    static func key(in input: [UInt8]) throws(CodedError) -> Secret {
        var bytes = input[...]
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        let key = Secret(String(decoding: bytes, as: UTF8.self))
        if bytes.isEmpty { throw CodedError(.invalidValue, "There is no key on standard input.") }
        if let problem = KeyText.problem(of: key) { throw CodedError(.invalidValue, problem) }
        return key
    }

    private static func tell(_ key: Secret, _ hash: KeyHash, _ options: KeysOptions) -> Int32 {
        switch (options.action, options.json) {
        case (.new, true):
            return TuttiCommand.printed(["key": .string(key.reveal()), "hash": .string(hash.description)] as JSON)
        case (.hash, true): return TuttiCommand.printed(["hash": .string(hash.description)] as JSON)
        case (.hash, false): return TuttiCommand.printed("\(hash)\n")
        case (.new, false):
            let code = TuttiCommand.printed("\(key.reveal())\n")
            StandardStreams.write(
                """
                Keep the key: it is shown this once. The server needs its hash, in tutti.yaml:

                auth:
                  keys:
                    - { name: app, hash: \(hash), tenant: main, user: app, role: member }


                """, to: .error)
            return code
        }
    }
}
