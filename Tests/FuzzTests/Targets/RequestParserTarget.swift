import Base

@testable import HTTP

extension FuzzTarget {
    static let requestParser = FuzzTarget(name: "request-parser", maxInput: 4096) { RequestParserCheck.finding(in: $0) }
}

/// A request's bytes mean the same however they are cut, what is taken obeys the grammar as a plain second reader sees
/// it, and written out again it is read as the same.
enum RequestParserCheck {
    /// Small, so that inputs of a few hundred bytes reach every one of them.
    static let limits = HTTPLimits(
        maxRequestLine: 200, maxHeaderBytes: 600, maxHeaderCount: 12, maxBody: 500, maxChunkExtension: 40)

    /// One message as it was heard, or as much of it as came.
    struct Message: Equatable {
        var head: [UInt8]
        var framing: BodyFraming
        var facts: String
        var body: [UInt8] = []
        var isWhole = false
    }

    struct Transcript: Equatable {
        var messages: [Message] = []
        var fault: HTTPParseError?
        /// Where the last whole message ended.
        var end = 0
    }

    /// Why a transcript cannot be had: the parser broke its own rules.
    struct Broken: Error {
        var sentence: String
    }

    static func finding(in input: [UInt8]) -> String? {
        do throws(Broken) {
            let whole = try transcript(input, limits: limits) { .max }
            if try transcript(input, limits: limits, piece: { 1 }) != whole { return "cut into bytes it differs" }
            var sizes = PieceSizes(of: input, upTo: 16)
            if try transcript(input, limits: limits, piece: { sizes.next() }) != whole {
                return "cut at random it differs"
            }
            for message in whole.messages {
                if let sentence = grammarFinding(message) { return sentence }
            }
            let complete = whole.messages.filter(\.isWhole)
            let written = complete.reduce(into: [UInt8]()) { $0 += bytes(of: $1) }
            // A body of many chunks becomes one of one chunk, and trailers are gone; the rest stays.
            let again = try transcript(written, limits: limits) { .max }
            if again.messages != complete || again.fault != nil { return "written out again it is read as another" }
            return again.end == written.count ? nil : "written out again it leaves bytes over"
        } catch {
            return error.sentence
        }
    }

    // MARK: Reading

    static func transcript(
        _ input: [UInt8], limits: HTTPLimits, piece: () -> Int
    ) throws(Broken) -> Transcript {
        var parser = RequestParser(limits: limits)
        var heard = Transcript()
        var start = 0
        while start < input.count {
            let end = start + min(max(1, piece()), input.count - start)
            var position = start
            // Each call but the one that ends a message takes a byte, or asks for more.
            var calls = 2 * (end - start) + 4
            while try hear(input[position..<end], &parser, &heard, &position) {
                calls -= 1
                if calls < 0 { throw Broken(sentence: "it goes round and round") }
            }
            if heard.fault != nil { return heard }
            if position != end { throw Broken(sentence: "it asks for more and leaves bytes") }
            start = end
        }
        return heard
    }

    /// One call; whether another one is due with the same piece.
    private static func hear(
        _ given: ArraySlice<UInt8>, _ parser: inout RequestParser, _ heard: inout Transcript, _ position: inout Int
    ) throws(Broken) -> Bool {
        let bytes = Array(given)
        let event: RequestParser.Event
        let consumed: Int
        do throws(HTTPParseError) {
            (event, consumed) = try parser.next(bytes.span)
        } catch {
            heard.fault = error
            guard fault(of: &parser) == error else { throw Broken(sentence: "it changes its mind about a fault") }
            return false
        }
        guard (0...bytes.count).contains(consumed) else { throw Broken(sentence: "it consumes what was not given") }
        position += consumed
        switch event {
        case .needMore: return false
        case .head(let head):
            let facts =
                "\(head.method) \(head.target) \(head.path) \(head.query ?? "-") \(head.minorVersion) "
                + "\(head.keepAlive) \(head.expectsContinue) \(head.host ?? "-")"
            heard.messages.append(Message(head: lines(of: head), framing: head.body, facts: facts))
        case .body(let range):
            guard let last = heard.messages.indices.last, !range.isEmpty, range.upperBound <= consumed else {
                throw Broken(sentence: "a body's bytes lie elsewhere")
            }
            heard.messages[last].body += bytes[range]
        case .end:
            guard let last = heard.messages.indices.last, !heard.messages[last].isWhole else {
                throw Broken(sentence: "what never began ends")
            }
            heard.messages[last].isWhole = true
            heard.end = position
        }
        return true
    }

    /// What a further call throws.
    private static func fault(of parser: inout RequestParser) -> HTTPParseError? {
        do throws(HTTPParseError) {
            _ = try parser.next(Array("GET / HTTP/1.1\r\n".utf8).span)
            return nil
        } catch {
            return error
        }
    }

    /// No longer than it came, so that it is within the limits again.
    private static func lines(of head: RequestHead) -> [UInt8] {
        var bytes = Array("\(head.method) \(head.target) HTTP/1.\(head.minorVersion)\r\n".utf8)
        for field in head.headers.fields {
            bytes += head.headers.bytes[field.name] + [UInt8(ascii: ":")] + head.headers.bytes[field.value]
            bytes += Array("\r\n".utf8)
        }
        return bytes + Array("\r\n".utf8)
    }

    // MARK: A second look

    private static func bytes(of message: Message) -> [UInt8] {
        var bytes = message.head
        switch message.framing {
        case .none: break
        case .length: bytes += message.body
        case .chunked:
            if !message.body.isEmpty {
                bytes += Array("\(String(message.body.count, radix: 16))\r\n".utf8) + message.body + Array("\r\n".utf8)
            }
            bytes += Array("0\r\n\r\n".utf8)
        }
        return bytes
    }

    private static let tokens = Set(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// What the head of every request that is taken must be, found out with nothing of the parser's.
    private static func grammarFinding(_ message: Message) -> String? {
        var fields: [String: [[UInt8]]] = [:]
        let lines = message.head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for line in lines.dropLast() where line.last != UInt8(ascii: "\r") || line.dropLast().contains(where: isControl)
        {
            return "a line of a head holds a control character"
        }
        let request = lines[0].dropLast().split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard request.count == 3, !request[0].isEmpty, request[0].allSatisfy(tokens.contains), !request[1].isEmpty
        else {
            return "a request line is not three words"
        }
        for line in lines.dropFirst().dropLast(2) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(tokens.contains)
            else { return "a field has no name" }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            fields[name, default: []].append(Array(line[(colon + 1)...].dropLast()))
        }
        let isOld = request[2].last == UInt8(ascii: "0")
        let codings = fields["transfer-encoding"] ?? []
        let lengths = fields["content-length"] ?? []
        if fields["host"]?.count ?? 0 > 1 || !isOld && fields["host"] == nil { return "there is not one Host field" }
        if codings.count + lengths.count > 1 { return "two fields say where the body ends" }
        if isOld, !codings.isEmpty { return "HTTP/1.0 has a transfer coding" }
        switch message.framing {
        case .none: return codings.isEmpty && lengths.isEmpty ? nil : "a body is overlooked"
        case .chunked:
            return String(decoding: codings.joined(), as: UTF8.self).lowercased() == "chunked" ? nil : "no chunks"
        case .length(let count):
            if message.body.count > count || message.isWhole && message.body.count != count { return "another length" }
            return Int(String(decoding: lengths.joined(), as: UTF8.self)) == count ? nil : "a length is misread"
        }
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 9 || byte == 0x7f }
}
