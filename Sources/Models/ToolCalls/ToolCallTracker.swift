internal import JSON

/// Tells the tool calls of one choice apart as their pieces come, and collects them. A provider's numbers and ids are
/// hints alone: some give every call the same index, some give no ids, or a new one with every piece. O(1) a piece.
public struct ToolCallTracker: Sendable {
    public struct Call: Sendable {
        /// The stream's number for it, which need not be its position.
        public let index: Int
        /// The provider's own; empty where it gave none, and maybe another call's too.
        public private(set) var id: String
        public private(set) var name: String
        /// As they were said, without what stood behind their end.
        public private(set) var arguments = ""
        private(set) var scanner = ArgumentsScanner()
        /// Whether more than white space stood there.
        private var hasMore = false

        fileprivate init(_ delta: ToolCallDelta) {
            index = delta.index
            id = delta.id ?? ""
            name = delta.name ?? ""
        }
    }

    /// What a delta adds.
    public struct Piece: Sendable, Equatable {
        /// Of its call among the calls of the choice, in the order in which they began.
        public let position: Int
        /// Whether the call begins with it.
        public let isFirst: Bool
        /// The piece of the arguments, without what stands behind their end.
        public let arguments: String
    }

    /// More than any model makes.
    public static let maxCalls = 1024

    /// In the order in which they began.
    public private(set) var calls: [Call] = []
    /// How many calls began beyond ``maxCalls``. Nothing of them is kept.
    public private(set) var dropped = 0
    /// The position of the last call of each index.
    private var latest: [Int: Int] = [:]
    /// The last of the calls too many, so that its pieces are not taken for another's.
    private var surplus: Call?

    public init() {}

    /// Returns `nil` where the delta is of a call too many.
    public mutating func add(_ delta: ToolCallDelta) -> Piece? {
        if let last = surplus, last.index == delta.index, last.isContinued(by: delta) {
            surplus?.follow(delta)
            return nil
        }
        if let position = position(continuedBy: delta) {
            return Piece(position: position, isFirst: false, arguments: calls[position].take(delta))
        }
        var call = Call(delta)
        guard calls.count < Self.maxCalls else {
            if delta.id?.isEmpty == false || delta.name?.isEmpty == false { dropped += 1 }
            call.follow(delta)
            surplus = call
            return nil
        }
        let arguments = call.take(delta)
        calls.append(call)
        latest[delta.index] = calls.count - 1
        return Piece(position: calls.count - 1, isFirst: true, arguments: arguments)
    }

    /// How many calls have arguments that are no JSON object, or not alone. For when the answer is over.
    var improperArguments: Int { calls.count { !$0.hasProperArguments } }

    private func position(continuedBy delta: ToolCallDelta) -> Int? {
        guard let last = latest[delta.index] else { return nil }
        if calls[last].isContinued(by: delta) { return last }
        guard let id = delta.id, !id.isEmpty, delta.name ?? "" == "" else { return nil }
        return calls.lastIndex { $0.index == delta.index && $0.id == id }
    }
}

extension ToolCallTracker.Call {
    /// Whether a delta of the same index belongs to this call. A call begins with its name.
    fileprivate func isContinued(by delta: ToolCallDelta) -> Bool {
        let newName = delta.name ?? ""
        let newID = delta.id ?? ""
        if !newID.isEmpty, !id.isEmpty, newID != id {
            // Some servers make up an id for every piece.
            return newName.isEmpty && !name.isEmpty && !scanner.isWhole
        }
        if newName.isEmpty || name.isEmpty { return true }
        // The whole call once more is no other call.
        if !newID.isEmpty, newID == id, newName == name, delta.arguments == arguments { return true }
        if scanner.isWhole { return delta.arguments.utf8.allSatisfy { $0 <= 0x20 } }
        return scanner.form == .blank || newName == name
    }

    fileprivate mutating func take(_ delta: ToolCallDelta) -> String {
        let kept = follow(delta)
        arguments += kept
        return kept
    }

    /// The same, and keeps nothing of the arguments.
    @discardableResult
    fileprivate mutating func follow(_ delta: ToolCallDelta) -> String {
        if id.isEmpty, let own = delta.id { id = own }
        if name.isEmpty, let own = delta.name { name = own }
        let (kept, isProper) = scanner.take(delta.arguments)
        if !isProper { hasMore = true }
        return isProper ? delta.arguments : kept
    }

    /// Whether the arguments are a JSON object and nothing else; none at all mean an empty one.
    var hasProperArguments: Bool {
        if scanner.form == .blank { return true }
        if hasMore { return false }
        return (try? JSONDocument(Array(arguments.utf8)).root.kind) == .object
    }
}
