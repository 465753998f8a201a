// RE2 behind a C header. RE2 reports by its `ok()` and allocates within the budget that it is given; what `new` throws
// is caught here, since nothing may be thrown through Swift.
#include "tutti_regex.h"

#include <cstring>
#include <new>
#include <re2/re2.h>
#include <string>

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

int64_t tutti_regex_match_at(const tutti_regex *regex, const uint8_t *text, size_t count, size_t start) {
    try {
        re2::StringPiece match;
        const re2::StringPiece whole(reinterpret_cast<const char *>(text), count);
        if (start > count || !regex->pattern.Match(whole, start, count, RE2::ANCHOR_START, &match, 1)) return -1;
        return match.data() + match.size() - whole.data();
    } catch (...) {
        return -1;
    }
}

int32_t tutti_regex_bounds(const tutti_regex *regex, uint8_t *least, size_t *least_count, uint8_t *greatest,
                           size_t *greatest_count, size_t capacity) {
    try {
        std::string min, max;
        if (!regex->pattern.PossibleMatchRange(&min, &max, static_cast<int>(capacity))) return 0;
        if (min.size() > capacity || max.size() > capacity) return 0;
        memcpy(least, min.data(), min.size());
        memcpy(greatest, max.data(), max.size());
        *least_count = min.size();
        *greatest_count = max.size();
        return 1;
    } catch (...) {
        return 0;
    }
}

int32_t tutti_regex_program_size(const tutti_regex *regex) { return regex->pattern.ProgramSize(); }

void tutti_regex_free(tutti_regex *regex) { delete regex; }
