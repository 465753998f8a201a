internal import Base
internal import JSON
internal import Models

/// What a client says on the socket: one JSON object a message, decoded and checked.
enum SocketMessage: Sendable {
    case chat(NativeTurn)
    case cancel(requestID: String)
    case resume(runID: String, after: Int?)
    case ping

    /// What is wrong with a message, and what it was about as far as it says so.
    struct Fault: Error {
        var error: CodedError
        var requestID: String?
    }

    private static let type = NativeTurn.Field(name: "type", schema: Schema.one(of: "chat", "cancel", "resume", "ping"))
    private static let example = #"{"type": "chat", "message": "…"}"#

    /// - Throws: what is wrong with it; the socket stays as it is.
    init(_ text: [UInt8]) throws(Fault) {
        let root: JSONNode
        do throws(CodedError) { root = try RequestBody.object(text, like: Self.example) } catch {
            throw Fault(error: error)
        }
        do throws(CodedError) {
            switch try Self.text("type", root) {
            case "chat": self = .chat(try NativeTurn(root, also: [Self.type]))
            case "cancel":
                try root.refuseOthers(than: [Self.type, Self.field("requestId")])
                self = .cancel(requestID: try Self.text("requestId", root))
            case "resume":
                try root.refuseOthers(than: [Self.type, Self.field("runId"), Self.field("after")])
                self = .resume(runID: try Self.text("runId", root), after: try Self.sequence(root))
            case "ping":
                try root.refuseOthers(than: [Self.type])
                self = .ping
            case let other:
                let near = NearestNames.of(other, in: ["chat", "cancel", "resume", "ping"])
                let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
                throw CodedError(
                    .invalidValue, "'type' must be `chat`, `cancel`, `resume` or `ping`.\(hint)", param: "type")
            }
        } catch {
            let id = root["requestId"]?.string
            throw Fault(error: error, requestID: id.flatMap { Identifier.isAcceptable($0) ? $0 : nil })
        }
    }

    private static func field(_ name: String) -> NativeTurn.Field {
        NativeTurn.Field(name: name, schema: Schema.anything)
    }

    private static func text(_ name: String, _ root: JSONNode) throws(CodedError) -> String {
        guard let given = root[name], !given.isNull else {
            throw CodedError(.missingField, "A message needs '\(name)': it looks like \(example).", param: name)
        }
        guard let text = given.string else { throw CodedError(.invalidType, "'\(name)' must be a text.", param: name) }
        return text
    }

    private static func sequence(_ root: JSONNode) throws(CodedError) -> Int? {
        guard let given = root["after"], !given.isNull else { return nil }
        guard let number = given.int, number >= 0 else {
            throw CodedError(
                .invalidValue, "'after' must be the sequence of the last event that was received: 0, 1, 2 and so on.",
                param: "after")
        }
        return Int(clamping: number)
    }
}
