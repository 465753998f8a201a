// RE2 behind a C header. RE2 reports by its `ok()` and allocates within the budget that it is given; what `new` throws
// is caught here, since nothing may be thrown through Swift.
#include "tutti_regex.h"

#include <new>
#include <re2/re2.h>

struct tutti_regex {
    RE2 pattern;
    tutti_regex(re2::StringPiece text, const RE2::Options &options) : pattern(text, options) {}
};

tutti_regex *tutti_regex_compile(const uint8_t *pattern, size_t count, int64_t memory) {
    try {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_never_capture(true);
        options.set_max_mem(memory);
        auto *regex =
            new tutti_regex(re2::StringPiece(reinterpret_cast<const char *>(pattern), count), options);
        if (regex->pattern.ok()) return regex;
        delete regex;
    } catch (...) {
    }
    return nullptr;
}

int32_t tutti_regex_occurs(const tutti_regex *regex, const uint8_t *text, size_t count) {
    try {
        return RE2::PartialMatch(re2::StringPiece(reinterpret_cast<const char *>(text), count), regex->pattern);
    } catch (...) {
        return 0;
    }
}

int32_t tutti_regex_program_size(const tutti_regex *regex) { return regex->pattern.ProgramSize(); }

void tutti_regex_free(tutti_regex *regex) { delete regex; }
