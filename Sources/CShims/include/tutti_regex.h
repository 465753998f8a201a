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

void tutti_regex_free(tutti_regex *regex);

#ifdef __cplusplus
}
#endif
