// Ownership: the tape and the strings that C points at belong to the calling thread's parser and live until its next
// parse. They are copied into Swift arrays before this function returns (it has no suspension point), and no pointer
// leaves it. The input is borrowed for the call only.
internal import CShims

enum JSONTape {
    /// simdjson's tape and string buffer, copied out of C.
    static func parse(_ bytes: Span<UInt8>, maxDepth: Int) throws(JSONError) -> (tape: [UInt64], strings: [UInt8]) {
        let result = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe tutti_json_parse(buffer.baseAddress, buffer.count, maxDepth)
        }
        defer { tutti_json_trim() }
        let error = unsafe result.error
        let offset = unsafe result.offset
        guard error == Int32(TUTTI_JSON_OK) else {
            throw JSONError(kind(of: error), offset: offset < 0 ? nil : Int(offset))
        }
        let tape = unsafe [UInt64](UnsafeBufferPointer(start: result.tape, count: result.tape_count))
        let strings = unsafe [UInt8](UnsafeBufferPointer(start: result.strings, count: result.strings_count))
        return (tape, strings)
    }

    private static func kind(of error: Int32) -> JSONError.Kind {
        switch Int(error) {
        case TUTTI_JSON_EMPTY: .empty
        case TUTTI_JSON_TOO_DEEP: .tooDeep
        case TUTTI_JSON_NUMBER: .invalidNumber
        case TUTTI_JSON_STRING: .invalidString
        case TUTTI_JSON_UTF8: .invalidUTF8
        case TUTTI_JSON_SURROGATE: .loneSurrogate
        case TUTTI_JSON_NUL: .nul
        case TUTTI_JSON_MEMORY: .outOfMemory
        default: .malformed
        }
    }
}
