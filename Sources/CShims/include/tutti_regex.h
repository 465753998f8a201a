#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled pattern. Immutable, so any number of threads may match with it.
typedef struct tutti_regex tutti_regex;

/// Compiles a pattern in RE2's syntax; it and its matching keep to about `memory` bytes. `NULL` when it is none, or too
/// large: compiling stops at about one instruction per 12 bytes. Never throws.
tutti_regex *tutti_regex_compile(const uint8_t *pattern, size_t count, int64_t memory);

/// The instructions of the compiled pattern.
int32_t tutti_regex_program_size(const tutti_regex *regex);

/// Whether the pattern occurs in the text. Time is linear in the text's length, at worst times the program's size.
int32_t tutti_regex_occurs(const tutti_regex *regex, const uint8_t *text, size_t count);

/// Where the match ends that begins at `start`, which may be empty; -1 when none does. What is before `start` is seen by
/// assertions alone.
int64_t tutti_regex_match_at(const tutti_regex *regex, const uint8_t *text, size_t count, size_t start);

/// Bounds of all texts that the pattern matches from their beginning to their end, in the order of their bytes. Both have
/// room for `capacity` bytes, and get their counts. 0 when there are none.
int32_t tutti_regex_bounds(const tutti_regex *regex, uint8_t *least, size_t *least_count, uint8_t *greatest,
                           size_t *greatest_count, size_t capacity);

void tutti_regex_free(tutti_regex *regex);

#ifdef __cplusplus
}
#endif
