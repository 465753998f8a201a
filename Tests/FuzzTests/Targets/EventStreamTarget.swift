import Base

@testable import HTTP

extension FuzzTarget {
    static let eventStream = FuzzTarget(name: "event-stream", maxInput: 4096) { EventStreamCheck.finding(in: $0) }
}

/// An event stream means the same however it is cut, what a plain second reader makes of it, and what is written of
/// it is read as the same.
enum EventStreamCheck {
    struct Transcript: Equatable {
        var events: [SSEEvent] = []
        var last: SSEEvent?
        var retry: Int?
        var fault: SSEError?
    }

    static func finding(in input: [UInt8]) -> String? {
        for decoder in [SSEDecoder(), SSEDecoder(maxLine: 40, maxEvent: 60)] {
            let whole = transcript(input, decoder) { .max }
            if transcript(input, decoder, piece: { 1 }) != whole { return "cut into bytes it differs" }
            var sizes = PieceSizes(of: input, upTo: 16)
            if transcript(input, decoder, piece: { sizes.next() }) != whole { return "cut at random it differs" }
            sizes = PieceSizes(of: input, upTo: 60)
            if transcript(input, decoder, asSpan: true, piece: { sizes.next() }) != whole {
                return "as spans it differs"
            }
            if whole.fault != nil { continue }
            let plain = PlainEventStream.read(input)
            if plain.events != whole.events || plain.last != whole.last { return "a plain reader sees other events" }
            if plain.retry != whole.retry { return "a plain reader sees another reconnection time" }
            if let sentence = roundTripFinding(whole) { return sentence }
        }
        return nil
    }

    private static func transcript(
        _ input: [UInt8], _ decoder: SSEDecoder, asSpan: Bool = false, piece: () -> Int
    ) -> Transcript {
        var decoder = decoder
        var heard = Transcript()
        var start = 0
        do throws(SSEError) {
            while start < input.count {
                let end = start + min(max(1, piece()), input.count - start)
                if asSpan {
                    decoder.feed(input.span.extracting(start..<end))
                } else {
                    decoder.feed(Array(input[start..<end]))
                }
                while let event = try decoder.next() { heard.events.append(event) }
                start = end
            }
            heard.last = try decoder.finish()
        } catch {
            heard.fault = error
        }
        heard.retry = decoder.retryMilliseconds
        return heard
    }

    private static func roundTripFinding(_ heard: Transcript) -> String? {
        var written: [UInt8] = []
        for event in heard.events {
            do throws(SSEFieldRefused) {
                try SSEEncoder.append(event: event.event, id: event.id, data: event.data, to: &written)
            } catch {
                // Of what was read only a NUL within an event's name may not be written.
                return event.event?.utf8.contains(0) == true ? nil : "an event that was read is refused for writing"
            }
        }
        let again = transcript(written, SSEDecoder()) { .max }
        return again.events == heard.events && again.last == nil ? nil : "written out again it is read as another"
    }
}

/// The WHATWG's rules over a whole stream at once, line by line and without a thought of speed.
enum PlainEventStream {
    static func read(_ input: [UInt8]) -> EventStreamCheck.Transcript {
        var bytes = input[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        var normal: [UInt8] = []
        for (index, byte) in zip(bytes.indices, bytes) {
            let isSecond = byte == 10 && index > bytes.startIndex && bytes[index - 1] == 13
            if !isSecond { normal.append(byte == 13 ? 10 : byte) }
        }
        var found = EventStreamCheck.Transcript()
        var data: [[UInt8]] = []
        var name = ""
        var id: String?
        func event() -> SSEEvent? {
            data.isEmpty
                ? nil : SSEEvent(event: name.isEmpty ? nil : name, id: id, data: Array(data.joined(separator: [10])))
        }
        let lines = normal.split(separator: 10, omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let isLast = number == lines.count - 1
            if line.isEmpty, !isLast {
                if let event = event() { found.events.append(event) }
                data = []
                name = ""
                continue
            }
            let colon = line.firstIndex(of: 58)
            var value = colon.map { line[($0 + 1)...] } ?? []
            if value.first == 32 { value = value.dropFirst() }
            switch String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self) {
            case "data": data.append(Array(value))
            case "event": name = String(decoding: value, as: UTF8.self)
            case "id": if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
            case "retry":
                let isNumber = !value.isEmpty && value.count <= 18 && value.allSatisfy { (48...57).contains($0) }
                if isNumber { found.retry = Int(String(decoding: value, as: UTF8.self)) }
            default: break
            }
        }
        found.last = event()
        return found
    }
}
