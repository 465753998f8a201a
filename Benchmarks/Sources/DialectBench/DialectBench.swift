import Foundation
import JSON
import Models

/// What translation between dialects costs: the same client's requests, streams and whole answers, once with an
/// upstream of the client's dialect and once with one of the other. Prints one JSON object; microseconds of CPU. Run it
/// in release, on an idle machine. Arguments are the keys of what is to be measured; without any, all is.
@main
struct DialectBench {
    static func main() throws {
        var keys = Array(CommandLine.arguments.dropFirst())
        if keys.isEmpty { keys = Self.keys }
        let pairs = try keys.flatMap { key in
            [
                try pair(key, client: OpenAI.self, other: Anthropic.self),
                try pair(key, client: Anthropic.self, other: OpenAI.self),
            ]
        }
        print("{\(try measure(pairs).joined(separator: ", "))}")
    }

    static let keys = [
        "request_short", "request_chat", "request_image", "frame_text", "frame_tools", "answer_text", "answer_tools",
    ]

    static func pair<Client: WireDialect, Other: WireDialect>(
        _ key: String, client: Client.Type, other: Other.Type
    ) throws -> Pair {
        switch key {
        case "request_short": try requests(key, .short, client: client, other: other)
        case "request_chat": try requests(key, .usual, client: client, other: other)
        case "request_image": try requests(key, .withImage, client: client, other: other)
        case "frame_text": try frames(key, .text, client: client, other: other)
        case "frame_tools": try frames(key, .tools, client: client, other: other)
        case "answer_text": try answers(key, .text, client: client, other: other)
        case "answer_tools": try answers(key, .tools, client: client, other: other)
        default: throw Failure(description: "\(key) is none of \(keys.joined(separator: ", "))")
        }
    }

    /// A request read from the client and written for the upstream.
    static func requests<Client: WireDialect, Other: WireDialect>(
        _ key: String, _ chat: Chat, client: Client.Type, other: Other.Type
    ) throws -> Pair {
        let body = Client.body(of: chat).bytes
        func way<Upstream: WireDialect>(to upstream: Upstream.Type) throws -> () throws -> Int {
            let (model, entry) = (Upstream.model, Catalogue.builtIn.entry(of: Upstream.target))
            let way = {
                let request = try Client.read(body)
                let call = ModelCall(request: request, model: model, streaming: request.stream, entry: entry)
                return try Upstream.encodeRequest(call, asksForUsage: true).count
            }
            // Nearly all of a conversation is its texts, whatever the dialect.
            try require(try way() > body.count * 3 / 4, "\(key) loses some of the conversation")
            return way
        }
        return Pair(key: key, client: Client.name, same: try way(to: Client.self), other: try way(to: Other.self))
    }

    /// A stream as it comes from a connection, in pieces, read and written for the client.
    static func frames<Client: WireDialect, Other: WireDialect>(
        _ key: String, _ reply: Reply, client: Client.Type, other: Other.Type
    ) throws -> Pair {
        func way<Upstream: WireDialect>(from upstream: Upstream.Type) throws -> () throws -> Int {
            let pieces = Wire.pieces(of: Upstream.stream(of: reply))
            var seen: [UInt8] = []
            _ = try pass(pieces, from: Upstream.self, to: Client.self) { seen += $0 }
            try require(try said(seen, Client.self) == reply.content, "\(key) loses some of the answer")
            return { try pass(pieces, from: Upstream.self, to: Client.self) { _ in } }
        }
        return Pair(
            key: key, client: Client.name, units: reply.pieces.count, same: try way(from: Client.self),
            other: try way(from: Other.self))
    }

    static func answers<Client: WireDialect, Other: WireDialect>(
        _ key: String, _ reply: Reply, client: Client.Type, other: Other.Type
    ) throws -> Pair {
        func way<Upstream: WireDialect>(from upstream: Upstream.Type) throws -> () throws -> Int {
            let body = Upstream.answer(of: reply).bytes
            let way = { Client.write(try Upstream.decodeCompletion(body, secrets: Secrets())) }
            let seen = try Client.decodeCompletion(try way(), secrets: Secrets()).choices[0]
            let content = (seen.text ?? "") + seen.toolCalls.map(\.arguments).joined()
            try require(content == reply.content, "\(key) loses some of the answer")
            return { try way().count }
        }
        return Pair(key: key, client: Client.name, same: try way(from: Client.self), other: try way(from: Other.self))
    }

    /// As the server does it: the events of each piece, and what they give in one buffer. Returns how much that was.
    static func pass<Upstream: WireDialect, Client: WireDialect>(
        _ pieces: [[UInt8]], from upstream: Upstream.Type, to client: Client.Type, see: ([UInt8]) -> Void
    ) throws -> Int {
        var decoder = Upstream.decoder(secrets: Secrets())
        var encoder = Client.encoder()
        var events: [ModelEvent] = []
        var output: [UInt8] = []
        var count = 0
        for piece in pieces {
            events.removeAll(keepingCapacity: true)
            output.removeAll(keepingCapacity: true)
            try decoder.feed(piece, into: &events)
            for event in events { encoder.encode(event, into: &output) }
            see(output)
            count += output.count
        }
        output.removeAll(keepingCapacity: true)
        encoder.finish(into: &output)
        see(output)
        return count + output.count
    }

    /// The texts and arguments of a stream, one after the other.
    static func said<Client: WireDialect>(_ stream: [UInt8], _ client: Client.Type) throws -> String {
        var decoder = Client.decoder(secrets: Secrets())
        var events: [ModelEvent] = []
        try decoder.feed(stream, into: &events)
        try decoder.finish(into: &events)
        return events.reduce(into: "") { said, event in
            switch event.kind {
            case .text(let text): said += text
            case .toolCall(let delta): said += delta.arguments
            default: break
            }
        }
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    static func require(_ holds: Bool, _ otherwise: String) throws {
        if !holds { throw Failure(description: otherwise) }
    }
}
