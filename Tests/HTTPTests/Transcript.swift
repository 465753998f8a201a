import Base

@testable import HTTP

/// What a parser said about an input, with adjacent body pieces joined: equal for every cut of the same bytes.
enum Heard: Equatable, CustomStringConvertible {
    case head(String)
    case body([UInt8])
    case end
    case failed(HTTPParseError)

    var description: String {
        switch self {
        case .head(let text): "head(\(text))"
        case .body(let bytes): "body(\(String(decoding: bytes, as: UTF8.self)))"
        case .end: "end"
        case .failed(let error): "failed(\(error))"
        }
    }
}

/// Runs the parser over `input`, given in pieces of the sizes that `piece` says, until all is consumed or it fails.
func transcript(
    _ input: [UInt8],
    limits: HTTPLimits = HTTPLimits(),
    piece: () -> Int = { .max }
) -> [Heard] {
    var parser = RequestParser(limits: limits)
    var heard: [Heard] = []
    var start = 0
    while start < input.count {
        let end = start + min(max(1, piece()), input.count - start)
        var position = start
        var steps = 0
        while true {
            steps += 1
            guard steps < 10_000 else {
                return heard + [.failed(HTTPParseError(code: .internalError, message: "stuck"))]
            }
            let given = Array(input[position..<end])
            do throws(HTTPParseError) {
                let (event, consumed) = try parser.next(given.span)
                position += consumed
                switch event {
                case .needMore: break
                case .head(let head): heard.append(.head(describe(head)))
                case .body(let range): append(Array(given[range]), to: &heard)
                case .end: heard.append(.end)
                }
                if case .needMore = event { break }
            } catch {
                return heard + [.failed(error)]
            }
        }
        // `needMore` consumes everything; anything else here would lose bytes.
        if position != end { return heard + [.failed(HTTPParseError(code: .internalError, message: "bytes left"))] }
        start = end
    }
    return heard
}

private func append(_ bytes: [UInt8], to heard: inout [Heard]) {
    if case .body(let before) = heard.last {
        heard[heard.count - 1] = .body(before + bytes)
    } else {
        heard.append(.body(bytes))
    }
}

private func describe(_ head: RequestHead) -> String {
    let fields = head.headers.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
    return "\(head.method) \(head.target) \(head.path) \(head.query ?? "-") 1.\(head.minorVersion) \(fields) "
        + "\(head.keepAlive) \(head.body) \(head.expectsContinue) \(head.host ?? "-")"
}

/// The first head of `text`; `nil` when there is none.
func parsedHead(_ text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPParseError) -> RequestHead? {
    var parser = RequestParser(limits: limits)
    if case .head(let head) = try parser.next(Array(text.utf8).span).event { return head }
    return nil
}

/// The code of the error that `text` ends in; `nil` when it is fine as far as it goes.
func refusal(_ text: String, limits: HTTPLimits = HTTPLimits()) -> ErrorCode? {
    refusal(Array(text.utf8), limits: limits)
}

func refusal(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> ErrorCode? {
    if case .failed(let error) = transcript(bytes, limits: limits).last { return error.code }
    return nil
}

/// A GET with these further header lines, each without its line end.
func get(_ lines: String..., target: String = "/") -> String {
    "GET \(target) HTTP/1.1\r\nHost: h\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// A POST with these further header lines and this body.
func post(_ lines: String..., body: String) -> String {
    "POST /p HTTP/1.1\r\nHost: h\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
}

func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body: body) }
