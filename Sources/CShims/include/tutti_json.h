#pragma once
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

#ifdef __cplusplus
}
#endif
