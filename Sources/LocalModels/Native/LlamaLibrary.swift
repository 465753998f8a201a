// Ownership: the library is opened once a path and stays open for the life of the process (its threads may outlive any
// model), so the table pointer is valid for ever and may be shared between threads: it is never written.
internal import CShims
internal import Glibc
internal import Synchronization

/// What a call into llama.cpp failed with, in its own words.
struct LlamaFailure: Error {
    var reason: String
    /// The context must be given up.
    var broken = false
}

/// The wrapped llama.cpp.
@safe final class LlamaLibrary: Sendable {
    // Read-only after `open`, immortal.
    private nonisolated(unsafe) let pointer: UnsafePointer<tutti_llama_table>

    private init(_ pointer: UnsafePointer<tutti_llama_table>) { unsafe self.pointer = pointer }

    private static let opened = Mutex<[String: LlamaLibrary]>([:])

    /// Opens the library, or answers the one already open.
    static func open(_ path: String) throws(LlamaFailure) -> LlamaLibrary {
        let result: Result<LlamaLibrary, LlamaFailure> = opened.withLock { opened in
            if let library = opened[path] { return .success(library) }
            var error = LlamaError()
            guard let pointer = unsafe error.fill({ unsafe tutti_llama_open(path, $0, $1) }) else {
                return .failure(error.failure)
            }
            let library = unsafe LlamaLibrary(pointer)
            opened[path] = library
            return .success(library)
        }
        return try result.get()
    }

    static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    var table: tutti_llama_table { unsafe pointer.pointee }

    /// A JSON schema as a grammar.
    func grammar(ofSchema schema: String) throws(LlamaFailure) -> String {
        var text = [CChar](repeating: 0, count: 1 << 18)
        var error = LlamaError()
        let length = unsafe error.fill { buffer, size in
            unsafe table.grammar_of_schema(schema, schema.utf8.count, &text, text.count, buffer, size)
        }
        guard length >= 0 else { throw error.failure }
        guard length < text.count else { throw LlamaFailure(reason: "the schema is too large") }
        return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The buffer that a failing call writes its sentence into.
struct LlamaError {
    private var buffer = [CChar](repeating: 0, count: 512)

    mutating func fill<Result>(_ call: (UnsafeMutablePointer<CChar>, Int) -> Result) -> Result {
        unsafe buffer.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress!, $0.count) }
    }

    var failure: LlamaFailure {
        LlamaFailure(reason: String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
