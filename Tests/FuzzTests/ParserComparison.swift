import Base

@testable import HTTP

/// Requests whole, cut out of bytes as our parser cuts them, beside what llhttp makes of the same bytes.
struct ParserComparison {
    /// Methods that llhttp knows; it refuses others, which here are a route's affair (405).
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]

    /// One question to llhttp.
    struct Question {
        var bytes: [UInt8]
        /// What our parser makes of the bytes, or why it refuses them.
        var ours: Result<[UInt8], HTTPParseError>
    }

    /// Where ours is the stricter one: what it says, and the shortest example.
    private(set) var stricter: [String: [UInt8]] = [:]
    /// Where ours takes what llhttp refuses or reads otherwise: never.
    private(set) var findings: [String] = []
    private(set) var agreed = 0

    /// What is asked about an input: each whole message, and what ours refuses.
    static func questions(about input: [UInt8]) -> [Question] {
        var parser = RequestParser(limits: HTTPLimits(maxBody: .max))
        var questions: [Question] = []
        var (position, start) = (0, 0)
        var canonical: [UInt8] = []
        var isKnown = true
        do throws(HTTPParseError) {
            while true {
                let given = Array(input[position...])
                let (event, consumed) = try parser.next(given.span)
                position += consumed
                switch event {
                case .needMore: return questions
                case .head(let head):
                    canonical = lines(of: head)
                    isKnown = methods.contains(head.method)
                case .body(let range): canonical += given[range]
                case .end:
                    let bytes = Array(input[start..<position])
                    if isKnown { questions.append(Question(bytes: bytes, ours: .success(canonical))) }
                    start = position
                }
            }
        } catch {
            return questions + [Question(bytes: Array(input[start...]), ours: .failure(error))]
        }
    }

    /// As `llhttp.py` writes it.
    private static func lines(of head: RequestHead) -> [UInt8] {
        var bytes = Array("\(head.method) \(head.target)\n".utf8)
        for field in head.headers.fields {
            bytes += head.headers.bytes[field.name] + [UInt8(ascii: ":")] + head.headers.bytes[field.value]
            bytes.append(10)
        }
        return bytes + [10]
    }

    /// - Parameter theirs: A line of `llhttp.py`.
    mutating func note(_ question: Question, theirs: String) {
        switch question.ours {
        case .success(let canonical):
            if theirs == "whole " + Self.hex(canonical) {
                agreed += 1
            } else {
                findings.append("\(PackedInputs.packed(question.bytes)): \(theirs.prefix(200))")
            }
        case .failure(let error):
            guard theirs.hasPrefix("whole") else { return agreed += 1 }
            let known = stricter[error.message]
            if known.map({ question.bytes.count < $0.count }) ?? true { stricter[error.message] = question.bytes }
        }
    }

    /// docs/http.md: where ours is the stricter one.
    func document(version: String, origin: String) -> String {
        let rows = stricter.sorted { $0.key < $1.key }.map { message, example in
            // The start of a long one says enough.
            let text = PackedInputs.packed(Array(example.prefix(160))).replacing("|", with: "\\|")
            return "| \(message) | `` \(text)\(example.count > 160 ? " …" : "") `` |"
        }
        return """
            # The request parser beside llhttp

            \(origin)

            Two readers of one connection must find the same requests in it, or one of them serves what the other took for
            a body. Every request that Tutti takes is therefore given to [llhttp](https://github.com/nodejs/llhttp), the
            parser of Node.js, too (in httptools \(version), none of its leniencies on): it must take it, with the same
            method, target, fields and body. The inputs are what the fuzzer kept and seeded mutations of it. Methods that
            llhttp does not list are left out: here any token is one, and a route answers 405.

            Tutti refuses more than llhttp does. Each row is a reason, with the shortest request that llhttp took.

            | Tutti says | llhttp takes |
            | --- | --- |
            \(rows.joined(separator: "\n"))

            """
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Inputs with a few changes each, the same for the same seed.
    static func mutations(of inputs: [[UInt8]], count: Int, seed: UInt64) -> [[UInt8]] {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "\0", "\u{b}", "0", "5", "f",
            "Transfer-Encoding: chunked\r\n",
            "Content-Length: 5\r\n", "Host: h\r\n", "Connection: close\r\n", "Upgrade: x\r\n", "\r\n\r\n", "0\r\n\r\n",
        ].map { Array($0.utf8) }
        return (0..<count).map { _ in
            var input = inputs[Int.random(in: 0..<inputs.count, using: &random)]
            for _ in 0..<Int.random(in: 1...3, using: &random) where !input.isEmpty {
                let place = Int.random(in: 0..<input.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: input.remove(at: place)
                case 1: input[place] = UInt8.random(in: 0...255, using: &random)
                case 2:
                    let end = min(input.count, place + Int.random(in: 1...20, using: &random))
                    input.insert(contentsOf: input[place..<end], at: place)
                default: input.insert(contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &random)], at: place)
                }
            }
            return input
        }
    }
}
