#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TUTTI_JSON_OK = 0,
    TUTTI_JSON_EMPTY,
    TUTTI_JSON_MALFORMED,
    TUTTI_JSON_TOO_DEEP,
    TUTTI_JSON_NUMBER,
    TUTTI_JSON_STRING,
    TUTTI_JSON_UTF8,
    TUTTI_JSON_SURROGATE,
    TUTTI_JSON_NUL,
    TUTTI_JSON_MEMORY,
};

typedef struct {
    /// One of `TUTTI_JSON_*`; the pointers are set only with `TUTTI_JSON_OK`.
    int32_t error;
    /// Where the fault is, or -1 when that is not known.
    int64_t offset;
    const uint64_t *tape;
    size_t tape_count;
    const uint8_t *strings;
    size_t strings_count;
} tutti_json_result;

/// Parses one JSON value with this thread's parser. What the pointers point at belongs to that parser and is valid
/// until the next call of either function on this thread. Never throws. Containers nest at most `max_depth` deep.
tutti_json_result tutti_json_parse(const uint8_t *bytes, size_t count, size_t max_depth);

/// Gives the parser's buffers back if the last document made them large.
void tutti_json_trim(void);

/// The index after the quote that ends the string whose first character is at `at`; `count` when none does.
size_t tutti_json_string_end(const uint8_t *bytes, size_t count, size_t at);

/// Writes as much of a text as a JSON string's content as there is room for: from `*read` on, which it counts on.
/// Returns how many bytes that were. With room for 16 bytes it goes on by at least one byte of the text, if any is
/// left. What it leaves in the room beyond that means nothing.
size_t tutti_json_escape(const uint8_t *text, size_t count, size_t *read, uint8_t *output, size_t room);

/// How far a value of a tape has been written.
typedef struct {
    /// On the tape: what comes next, and the end of the value.
    size_t index, end;
    /// Of the string at the index, once its quote is written.
    size_t read;
    bool is_open;
    bool needs_comma;
    /// Whether a key comes next.
    bool is_key;
    /// Of each array or object that is open a bit, the innermost the lowest: whether it is an object. For at most 128.
    uint64_t objects[2];
} tutti_json_writing;

/// Writes as much of a value as compact JSON as there is room for, and as there is to the next number with a fraction,
/// which is left to the caller. Returns how many bytes that were. With room for 32 bytes it goes on, but for such a
/// number. What it leaves in the room beyond that means nothing. The tape must be one that `tutti_json_parse` gave.
size_t tutti_json_write(
    const uint64_t *tape, const uint8_t *strings, size_t strings_count, tutti_json_writing *writing, uint8_t *output,
    size_t room
);

#ifdef __cplusplus
}
#endif
