internal import Base
internal import JSON

/// What one entry says besides snapshots: the step that has happened. Small: a step's record holds what the step
/// wrote, and nothing of what was there.
struct StepRecord: Equatable, Sendable {
    enum Event: Equatable, Sendable {
        /// A node succeeded: what it wrote, as the members of an object, and which of its routes were chosen.
        case succeeded(writes: [UInt8], choice: [Int]?)
        /// A node failed, and an `onError` edge took it.
        case failed(CodedError)
        /// An item of a list was worked on.
        case item(Int, result: [UInt8])
        /// A question was answered; `node` is its id.
        case answered([UInt8])
        /// Nothing was left to do before these questions, as JSON, are answered.
        case parked([UInt8])
        /// The run is over.
        case finished
    }

    /// What may be counted in a record: far from where adding one would overflow.
    static let counts = 0...Int(Int32.max)
    /// A value of the greatest depth that is taken from outside lies a few levels deep in a record or snapshot.
    static let maxDepth = JSONDocument.maxDepth + 8
    /// The form of the bytes. Readers refuse a newer one.
    static let form = 1

    /// The place of the graph in which the step was made; empty for the outermost.
    var place: String
    var node: String
    /// The node's how many-th activation, from 1.
    var activation: Int
    var event: Event

    /// The step's name within its run: the same whenever the step is tried again, and no other step's.
    var step: String {
        switch event {
        case .item(let index, _): "\(StepRecord.step(place, node, activation))[\(index)]"
        case .answered: node
        case .parked, .finished: ""
        case .succeeded, .failed: StepRecord.step(place, node, activation)
        }
    }

    /// The steps inside which this one was made, outermost first; of an answer also the one that asked.
    var enclosingSteps: [Substring] {
        let step = step
        var steps = step.utf8.indices.filter { "/[".utf8.contains(step.utf8[$0]) }.map { step[..<$0] }
        if case .answered = event { steps.append(step[...]) }
        return steps
    }

    static func step(_ place: String, _ node: String, _ activation: Int) -> String {
        // Appended and not interpolated, at half the cost: each step has its name.
        var step = place
        step += StepRecord.escaped(node)
        step += "#"
        step += String(activation)
        return step
    }

    /// Node names may hold anything; the marks that separate steps and places may not come from them.
    static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: isMark) else { return name }
        var text = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "/": text += "%2F"
            case "#": text += "%23"
            case "[": text += "%5B"
            case "]": text += "%5D"
            case "%": text += "%25"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "#"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"): true
        default: false
        }
    }

    static func unescaped(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "%")) else { return name }
        var text = ""
        var rest = name.unicodeScalars[...]
        while let mark = rest.firstIndex(of: "%") {
            text.unicodeScalars.append(contentsOf: rest[..<mark])
            let code = rest[mark...].prefix(3)
            let plain = ["%2F": "/", "%23": "#", "%5B": "[", "%5D": "]", "%25": "%"][String(code)] ?? String(code)
            text.unicodeScalars.append(contentsOf: plain.unicodeScalars)
            rest = rest[code.endIndex...]
        }
        text.unicodeScalars.append(contentsOf: rest)
        return text
    }

    // MARK: Bytes

    var bytes: [UInt8] {
        var writer = JSONWriter(reserving: 96)
        writer.beginObject()
        if !place.isEmpty { writer.member("place", place) }
        writer.member("node", node)
        writer.member("activation", activation)
        switch event {
        case .succeeded(let writes, let choice):
            writer.member("writes", raw: writes)
            if let choice {
                writer.key("choice")
                writer.beginArray()
                for position in choice { writer.int(position) }
                writer.endArray()
            }
        case .failed(let error):
            writer.key("error")
            // Of an error nothing is left out of the JSON but a NUL.
            if (try? writer.encode(error)) == nil { writer.null() }
        case .item(let index, let result):
            writer.member("item", index)
            writer.member("result", raw: result)
        case .answered(let answer): writer.member("answer", raw: answer)
        case .parked(let questions): writer.member("parked", raw: questions)
        case .finished: writer.member("finished", true)
        }
        writer.endObject()
        return writer.bytes
    }

    init(place: String, node: String, activation: Int, event: Event) {
        self.place = place
        self.node = node
        self.activation = activation
        self.event = event
    }

    init(_ root: JSONNode) throws(CodedError) {
        guard root.kind == .object, let node = root["node"]?.string,
            let activation = root["activation"]?.int.flatMap({ Int(exactly: $0) }),
            StepRecord.counts.contains(activation)
        else { throw .unreadableCheckpoint("a step without its node") }
        self.node = node
        self.activation = activation
        place = root["place"]?.string ?? ""
        if let writes = root["writes"] {
            guard writes.kind == .object else { throw .unreadableCheckpoint("writes that are no object") }
            var choice: [Int]?
            if let positions = root["choice"] {
                let numbers = positions.elements.map { $0.int.flatMap { Int(exactly: $0) } }
                guard !numbers.contains(nil) else { throw .unreadableCheckpoint("a route that is no number") }
                choice = numbers.compactMap { $0 }
            }
            event = .succeeded(writes: JSON(writes).bytes, choice: choice)
        } else if let error = root["error"] {
            event = .failed(
                (try? JSONCoding.decode(CodedError.self, from: error))
                    ?? CodedError(.internalError, "The server failed to answer."))
        } else if let index = root["item"]?.int.flatMap({ Int(exactly: $0) }), let result = root["result"] {
            event = .item(index, result: JSON(result).bytes)
        } else if let answer = root["answer"] {
            event = .answered(JSON(answer).bytes)
        } else if let questions = root["parked"] {
            event = .parked(JSON(questions).bytes)
        } else if root["finished"]?.bool == true {
            event = .finished
        } else {
            throw .unreadableCheckpoint("a step of an unknown kind")
        }
    }
}

extension CodedError {
    static func unreadableCheckpoint(_ detail: String) -> CodedError {
        CodedError(.checkpointUnreadable, "What was kept of this run cannot be read.", detail: detail)
    }
}
