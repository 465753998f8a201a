import Base
import HTTPClient
import Models
import Testing

/// Events that are taken several at a time are those that come one by one, and are told of alike.
@Suite("Events taken several at a time", .timeLimit(.minutes(1)))
struct GatewayBulkReadingTests {
    private struct Reading: Equatable {
        var events: [ModelEvent] = []
        var error: ErrorCode?
        var attempts: [ErrorCode?] = []
        var told: [AnswerReport] = []
    }

    private static let stream =
        (0..<40).map { StreamTests.hello.replacing("hel", with: "\($0) ") }.joined() + StreamTests.end
        + "data: [DONE]\n\n"

    /// - Parameter counts: How many are taken at a time; `nil` for one by one.
    private func read(
        _ answer: ScriptedClient.Answer, chain: [String], _ counts: SeededGenerator?
    ) async throws -> Reading {
        let world = GatewayTests.World([answer], [.events(Self.stream)])
        var reading = Reading()
        do {
            let stream = try await world.answer(chain: chain).stream
            if var counts {
                try await take(from: stream, &reading.events, &counts)
            } else {
                while let event = try await stream.next() { reading.events.append(event) }
            }
        } catch let error as CodedError {
            reading.error = error.code
        }
        reading.attempts = world.observer.attempts.map { $0.error?.code }
        reading.told = world.observer.reports.map { report in
            var report = report
            (report.duration, report.timeToFirstEvent) = (.zero, .zero)
            return report
        }
        return reading
    }

    private func take(
        from stream: any ModelStream, _ events: inout [ModelEvent], _ random: inout SeededGenerator
    ) async throws(CodedError) {
        while true {
            let count = Int.random(in: 0...9, using: &random)
            let before = events.count
            let rest = try stream.ready(count, into: &events)
            #expect(events.count - before <= count)
            switch rest {
            case .more: #expect(events.count - before == count)
            case .end: return
            case .later:
                guard let event = try await stream.next() else { return }
                events.append(event)
            }
        }
    }

    private static let answers: [ScriptedClient.Answer] = [
        .events(stream), .events(stream, cutEvery: 77), .events(stream, cutEvery: 700),
        .events(stream, cutEvery: 901, then: HTTPClientError(.broken, "x")),
        .events(String(stream.prefix(3000)), cutEvery: 500, then: HTTPClientError(.broken, "x")),
        .events(String(stream.prefix(3000)), then: HTTPClientError(.broken, "x")), .json(GatewayTests.whole),
        .json("{}", status: 500), .events("data: rubbish\n\n"),
    ]

    @Test("they are the same, as are the failure and what is told", arguments: answers.indices)
    func same(place: Int) async throws {
        for chain in [["a/m"], ["a/m", "b/m"]] {
            let single = try await read(Self.answers[place], chain: chain, nil)
            for seed in 0..<40 {
                let bulk = try await read(Self.answers[place], chain: chain, SeededGenerator(seed: UInt64(seed)))
                #expect(bulk == single, "\(chain), seed \(seed)")
            }
        }
    }
}
