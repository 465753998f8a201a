import Base
import HTTP
import HTTPServer
import TestKit
import Transport

/// Answers with what arrived: method, target, and the body's length and text.
@Sendable func echo(_ request: Request) async -> Response {
    do throws(CodedError) {
        let body = try await request.body(limit: 1 << 20)
        return .text("\(request.head.method) \(request.head.target) \(String(decoding: body, as: UTF8.self))")
    } catch {
        return .failure(error)
    }
}

/// The same of a body that is taken piece by piece.
@Sendable func echoPieces(_ request: Request) async -> Response {
    do throws(CodedError) {
        var body: [UInt8] = []
        while let piece = try await request.nextPiece() { body += piece }
        return .text("\(request.head.method) \(request.head.target) \(String(decoding: body, as: UTF8.self))")
    } catch {
        return .failure(error)
    }
}

/// Waits until the request's task is cancelled, and tells.
@Sendable func waitForCancel(_ request: Request, _ log: EventLog<String>) async {
    log.append("waiting")
    do {
        try await request.loop.sleep(for: .seconds(3600))
    } catch {
        log.append("cancelled")
    }
}
