// Ownership: the class owns the C model and frees it in `deinit`; contexts and samplers keep a reference to it, so it
// goes last. One thread, the engine's, uses and releases all of them.
internal import CShims

/// A loaded model: its tokens and its chat template.
@safe final class LlamaModel {
    let library: LlamaLibrary
    private let pointer: OpaquePointer
    let vocabulary: Int
    /// Tokens that it was trained to attend to.
    let trainedWindow: Int
    let name: String
    private let longestPiece: Int

    init(path: String, library: LlamaLibrary) throws(LlamaFailure) {
        var error = LlamaError()
        guard let pointer = unsafe error.fill({ unsafe library.table.model_load(path, $0, $1) }) else {
            throw error.failure
        }
        var info = tutti_llama_info()
        unsafe library.table.model_info(pointer, &info)
        self.library = library
        unsafe self.pointer = pointer
        vocabulary = Int(info.vocabulary)
        trainedWindow = Int(info.window)
        longestPiece = Int(info.longest_piece)
        name = unsafe withUnsafeBytes(of: info.name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    deinit { unsafe library.table.model_free(pointer) }

    var handle: OpaquePointer { unsafe pointer }

    /// Plain text as tokens; `special` lets it name control tokens.
    func tokens(of text: String, special: Bool) throws(LlamaFailure) -> [Int32] {
        try unsafe tokens(atMost: text.utf8.count + 8) { tokens, capacity, error, size in
            unsafe library.table.tokenize(pointer, text, text.utf8.count, special, tokens, capacity, error, size)
        }
    }

    /// The tokens that the model's template makes of a conversation: a JSON array of `{"role", "content"}`.
    func prompt(of messages: [UInt8]) throws(LlamaFailure) -> [Int32] {
        try unsafe tokens(atMost: messages.count + 4096) { tokens, capacity, error, size in
            unsafe messages.withUnsafeBytes { bytes in
                unsafe library.table.prompt(
                    pointer, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count, tokens, capacity,
                    error, size)
            }
        }
    }

    /// The bytes of a token: none for a control token, perhaps a part of a character.
    func piece(_ token: Int32) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: longestPiece) { buffer, count in
            let length = unsafe library.table.piece(pointer, token, buffer.baseAddress, buffer.count)
            count = length <= buffer.count ? length : 0
        }
    }

    func isEnd(_ token: Int32) -> Bool { unsafe library.table.is_end(pointer, token) }

    private func tokens(
        atMost guess: Int, _ call: (UnsafeMutablePointer<Int32>?, Int, UnsafeMutablePointer<CChar>, Int) -> Int64
    ) throws(LlamaFailure) -> [Int32] {
        var error = LlamaError()
        var capacity = guess
        for _ in 0..<2 {
            var needed = 0
            let tokens = unsafe [Int32](unsafeUninitializedCapacity: capacity) { buffer, count in
                needed = Int(unsafe error.fill { unsafe call(buffer.baseAddress, buffer.count, $0, $1) })
                count = min(max(needed, 0), capacity)
            }
            if needed < 0 { throw error.failure }
            if needed <= capacity { return tokens }
            capacity = needed
        }
        throw LlamaFailure(reason: "the text changes its length")
    }
}
