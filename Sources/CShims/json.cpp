// simdjson's tape behind a C header. One parser a thread; its buffers are the parser's own and the caller copies
// what it needs before the next call. simdjson reports by error code, so nothing is thrown here.
#define SIMDJSON_EXCEPTIONS 0
#include "tutti_json.h"

#include <cstring>
#include <simdjson.h>

namespace {

// Above this document size a thread gives its buffers back (they take about 15 times a document's size).
constexpr size_t keptCapacity = 1 << 20;
constexpr uint64_t payloadMask = 0x00ffffffffffffff;

thread_local simdjson::dom::parser parser;

tutti_json_result failure(int32_t error, int64_t offset = -1) { return {error, offset, nullptr, 0, nullptr, 0}; }

int32_t translated(simdjson::error_code error) {
    switch (error) {
    case simdjson::EMPTY: return TUTTI_JSON_EMPTY;
    case simdjson::DEPTH_ERROR: return TUTTI_JSON_TOO_DEEP;
    case simdjson::NUMBER_ERROR: return TUTTI_JSON_NUMBER;
    case simdjson::STRING_ERROR: return TUTTI_JSON_STRING;
    case simdjson::UTF8_ERROR: return TUTTI_JSON_UTF8;
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: return TUTTI_JSON_MEMORY;
    default: return TUTTI_JSON_MALFORMED;
    }
}

// The code unit of `\uXXXX` at `at`, or -1 when there is none.
int32_t codeUnit(const uint8_t *bytes, size_t count, size_t at) {
    if (count - at < 6 || bytes[at] != '\\' || bytes[at + 1] != 'u') return -1;
    int32_t unit = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        const uint8_t c = bytes[i];
        const int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

// simdjson lets a lone low surrogate through, takes any escape for a pair's second half, and accepts NUL. Outside
// strings JSON has no backslash, so looking at backslashes alone is enough.
tutti_json_result checkedEscapes(const uint8_t *bytes, size_t count) {
    size_t at = 0;
    while (at < count) {
        const void *found = std::memchr(bytes + at, '\\', count - at);
        if (!found) break;
        at = static_cast<size_t>(static_cast<const uint8_t *>(found) - bytes);
        const int32_t unit = codeUnit(bytes, count, at);
        if (unit == 0) return failure(TUTTI_JSON_NUL, static_cast<int64_t>(at));
        if (unit < 0xd800 || unit > 0xdfff) {
            at += unit < 0 ? 2 : 6;
            continue;
        }
        const int32_t second = unit < 0xdc00 ? codeUnit(bytes, count, at + 6) : -1;
        if (second < 0xdc00 || second > 0xdfff) return failure(TUTTI_JSON_SURROGATE, static_cast<int64_t>(at));
        at += 12;
    }
    return failure(TUTTI_JSON_OK);
}

// simdjson knows neither where its last string ends nor the depth of an empty innermost container.
tutti_json_result walked(const simdjson::dom::document &document, size_t maxDepth) {
    const uint64_t *tape = document.tape.get();
    const uint8_t *strings = document.string_buf.get();
    const size_t count = static_cast<size_t>(tape[0] & payloadMask);
    size_t depth = 0;
    uint64_t lastString = UINT64_MAX;
    for (size_t i = 1; i < count; i++) {
        switch (static_cast<char>(tape[i] >> 56)) {
        case '"': lastString = tape[i] & payloadMask; break;
        case 'l':
        case 'u':
        case 'd': i++; break;
        case '[':
        case '{':
            if (++depth > maxDepth) return failure(TUTTI_JSON_TOO_DEEP);
            break;
        case ']':
        case '}': depth--; break;
        default: break;
        }
    }
    size_t stringBytes = 0;
    if (lastString != UINT64_MAX) {
        uint32_t length = 0;
        std::memcpy(&length, strings + lastString, sizeof length);
        stringBytes = static_cast<size_t>(lastString) + sizeof length + length;
    }
    return {TUTTI_JSON_OK, -1, tape, count, strings, stringBytes};
}

size_t roundedUp(size_t count) {
    size_t capacity = 4096;
    while (capacity < count && capacity < keptCapacity) capacity *= 2;
    return capacity < count ? count : capacity;
}

}  // namespace

tutti_json_result tutti_json_parse(const uint8_t *bytes, size_t count, size_t max_depth) {
    if (count == 0) return failure(TUTTI_JSON_EMPTY);
    // simdjson refuses the level that its limit names, hence one more.
    if (parser.capacity() < count || parser.max_depth() != max_depth + 1) {
        const size_t capacity = roundedUp(count);
        if (parser.allocate(capacity, max_depth + 1) != simdjson::SUCCESS ||
            parser.doc.allocate(capacity) != simdjson::SUCCESS) {
            parser = simdjson::dom::parser();
            return failure(TUTTI_JSON_MEMORY);
        }
    }
    simdjson::dom::element root;
    const simdjson::error_code error = parser.parse(bytes, count, true).get(root);
    if (error == simdjson::STRING_ERROR) {
        const tutti_json_result escapes = checkedEscapes(bytes, count);
        return escapes.error != TUTTI_JSON_OK ? escapes : failure(TUTTI_JSON_STRING);
    }
    if (error != simdjson::SUCCESS) return failure(translated(error));
    const tutti_json_result escapes = checkedEscapes(bytes, count);
    if (escapes.error != TUTTI_JSON_OK) return escapes;
    return walked(parser.doc, max_depth);
}

void tutti_json_trim(void) {
    if (parser.capacity() > keptCapacity) parser = simdjson::dom::parser();
}

size_t tutti_json_string_end(const uint8_t *bytes, size_t count, size_t at) {
    size_t from = at;
    while (from < count) {
        const void *found = std::memchr(bytes + from, '"', count - from);
        if (!found) break;
        const size_t quote = static_cast<size_t>(static_cast<const uint8_t *>(found) - bytes);
        // Every backslash belongs to one escape, so an odd run of them escapes the quote. Runs are looked at only
        // back to `from`: what is before a quote already passed is not part of this run.
        size_t run = quote;
        while (run > from && bytes[run - 1] == '\\') run--;
        from = quote + 1;
        if ((quote - run) % 2 == 0) return from;
    }
    return count;
}
