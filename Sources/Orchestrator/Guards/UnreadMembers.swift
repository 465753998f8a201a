internal import JSON
internal import Models

/// Whether a provider's JSON says something beside what is read from it. Most of it does not, and is then not searched: a
/// search costs many times as much as this look at the members' names.
enum UnreadMembers {
    /// One pass over the bytes, without parsing them; what is no JSON counts as something.
    /// - Parameter texts: Whether the texts in it have been read, and guarded, by themselves.
    static func areIn(_ bytes: Span<UInt8>, texts: Bool) -> Bool {
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "\"") else {
                at += 1
                continue
            }
            let start = at + 1
            var end = start
            var hash = seed
            while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
                hash = (hash ^ UInt64(bytes[end])) &* prime
                end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            if end >= bytes.count { return true }
            at = afterSpace(end + 1, bytes)
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { continue }
            at = afterSpace(at + 1, bytes)
            if holdsText(at, bytes), !structure.contains(hash), !texts || !read.contains(hash) { return true }
            // A text is passed over unread: it names nothing.
            if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
                at = JSONStringEnd.find(in: bytes, from: at + 1)
                // A document ends with a brace.
                if at == bytes.count { return true }
            }
        }
        return false
    }

    /// Whether the value that begins there is a text or holds something: a number tells nothing.
    private static func holdsText(_ at: Int, _ bytes: Span<UInt8>) -> Bool {
        guard at < bytes.count else { return true }
        switch bytes[at] {
        case UInt8(ascii: "\""): return at + 1 >= bytes.count || bytes[at + 1] != UInt8(ascii: "\"")
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            let next = afterSpace(at + 1, bytes)
            return next >= bytes.count || bytes[next] != UInt8(ascii: "]") && bytes[next] != UInt8(ascii: "}")
        default: return false
        }
    }

    private static func afterSpace(_ at: Int, _ bytes: Span<UInt8>) -> Int {
        var at = at
        while at < bytes.count, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\n") { at += 1 }
        return at
    }

    // MARK: Names, by a hash of their bytes (FNV-1a)

    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x0000_0100_0000_01b3

    /// Names by their hashes, few in many places, so that one look mostly tells.
    private struct Names: Sendable {
        private var places = [UInt64](repeating: 0, count: 128)

        init(_ names: String) {
            for name in names.split(separator: " ").prefix(64) {
                let hash = name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* prime }
                places[place(of: hash)] = hash
            }
        }

        func contains(_ hash: UInt64) -> Bool { places[place(of: hash)] != 0 }

        /// Where it is, or would be.
        private func place(of hash: UInt64) -> Int {
            var place = Int(hash & 127)
            while places[place] != 0, places[place] != hash { place = (place + 1) & 127 }
            return place
        }
    }

    /// What shapes an answer, and says nothing of its own.
    private static let structure = Names(
        """
        id object type model role choices delta message finish_reason native_finish_reason stop_reason stop_sequence \
        system_fingerprint service_tier provider usage prompt_tokens_details completion_tokens_details \
        input_tokens_details output_tokens_details cache_creation server_tool_use content_block
        """)

    /// What becomes texts, calls and what was likely at their tokens.
    private static let read = Names(
        """
        content text refusal reasoning reasoning_content thinking signature tool_calls function name arguments \
        partial_json logprobs token bytes top_logprobs
        """)
}

extension ModelEvent {
    /// The frame that begins with this event, if more is in it than is read. Pieces of texts come in thousands and have
    /// nothing beside them.
    var unreadFrame: Frame? {
        guard case .frame(let frame) = source else { return nil }
        switch kind {
        case .other: return frame.hasUnread(texts: false) ? frame : nil
        case .finish, .usage: return frame.hasUnread(texts: true) ? frame : nil
        default: return nil
        }
    }
}

extension Frame {
    /// Of Responses, which tell all again at their end, everything counts.
    func hasUnread(texts: Bool) -> Bool {
        dialect == .responses || UnreadMembers.areIn(bytes.span, texts: texts)
    }
}
