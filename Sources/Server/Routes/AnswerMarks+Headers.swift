internal import HTTP
internal import Models

extension AnswerMarks {
    private static let degradedName = "x-tutti-degraded"
    private static let chaosName = "x-tutti-chaos"

    /// Says in an answer's head what was done to it; nothing of one that is clean.
    func set(in headers: inout HTTPHeaders) {
        if let degraded { headers.set(Self.degradedName, degraded.rawValue) }
        if isChaotic { headers.set(Self.chaosName, "true") }
    }

    /// What ``set(in:)`` has said, as comments of an event stream: clients pass over them, people see them.
    static func comments(of headers: HTTPHeaders) -> [UInt8] {
        [degradedName, chaosName].flatMap { name in
            headers[name].map { Array(": \(name): \($0)\n\n".utf8) } ?? []
        }
    }
}
