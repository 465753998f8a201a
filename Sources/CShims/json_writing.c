// Strings and values of a tape in JSON's form, written into memory of the caller's. Nothing is kept.
#include "tutti_json.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The first byte of a word must be its lowest."
#endif

// Sixteen bytes, in whatever the machine has for so many at once.
typedef uint8_t block __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

// How many bytes come before the first that may have to be escaped: a control, a quote, a backslash, or E2, with which
// U+2028 and U+2029 begin.
static inline size_t clean_bytes(block bytes) {
    const halves special = (halves)((bytes < 0x20) | (bytes == 0x22) | (bytes == 0x5c) | (bytes == 0xe2));
    if ((special[0] | special[1]) == 0) return sizeof bytes;
    return special[0] ? (size_t)__builtin_ctzll(special[0]) / 8 : 8 + (size_t)__builtin_ctzll(special[1]) / 8;
}

static inline block whole_block(const uint8_t *text) {
    block bytes;
    memcpy(&bytes, text, sizeof bytes);
    return bytes;
}

// 1 to 15 bytes, without a look beyond them, and zeros. The two parts that are read may overlap.
static inline block last_block(const uint8_t *text, size_t count) {
    uint64_t low, high = 0;
    if (count > 8) {
        memcpy(&low, text, 8);
        memcpy(&high, text + count - 8, 8);
        high >>= 8 * (16 - count);
    } else if (count >= 4) {
        uint32_t first, last;
        memcpy(&first, text, 4);
        memcpy(&last, text + count - 4, 4);
        low = first | (uint64_t)last << 8 * (count - 4);
    } else {
        low = text[0] | (uint64_t)text[count / 2] << 8 * (count / 2) | (uint64_t)text[count - 1] << 8 * (count - 1);
    }
    return (block)(halves){low, high};
}

// The letter after the backslash, for the characters that have one.
static const uint8_t letters[256] = {
    ['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['\b'] = 'b', ['\f'] = 'f',
};

// Whether the character at the beginning of the text, of which E2 is the first byte, is U+2028 or U+2029.
static inline bool is_separator(const uint8_t *text, size_t count) {
    return count >= 3 && text[1] == 0x80 && (text[2] & 0xfe) == 0xa8;
}

// `\u` and four digits for a character that has no letter: another control, or a separator. Apart, for texts hold few.
// Counts on how many of the text they stand for.
__attribute__((noinline)) static size_t put_code(uint8_t *output, const uint8_t *text, size_t *read) {
    static const char digits[] = "0123456789abcdef";
    const bool is_control = text[0] < 0x20;
    const unsigned code = is_control ? text[0] : 0x2020u | (text[2] & 15u);
    *read += is_control ? 1 : 3;
    output[0] = '\\';
    output[1] = 'u';
    for (int i = 0; i < 4; i++) output[2 + i] = (uint8_t)digits[code >> (12 - 4 * i) & 15];
    return 6;
}

size_t tutti_json_escape(const uint8_t *text, size_t count, size_t *read, uint8_t *output, size_t room) {
    size_t at = *read, written = 0;
    while (at < count && room - written >= sizeof(block)) {
        // What is written from a special character on is written over.
        size_t clean;
        if (count - at >= sizeof(block)) {
            const size_t fits = (count - at < room - written ? count - at : room - written) / sizeof(block);
            const uint8_t *const last = text + at + (fits - 1) * sizeof(block);
            const uint8_t *from = text + at;
            uint8_t *to = output + written;
            for (;; from += sizeof(block), to += sizeof(block)) {
                const block bytes = whole_block(from);
                memcpy(to, &bytes, sizeof bytes);
                clean = clean_bytes(bytes);
                if (clean < sizeof(block) || from == last) break;
            }
            at = (size_t)(from - text) + clean;
            written = (size_t)(to - output) + clean;
            if (clean == sizeof(block)) continue;
        } else {
            const size_t rest = count - at;
            const block bytes = last_block(text + at, rest);
            memcpy(output + written, &bytes, sizeof bytes);
            clean = clean_bytes(bytes);
            if (clean >= rest) {
                at += rest;
                written += rest;
                break;
            }
            at += clean;
            written += clean;
        }
        if (room - written < 6) break;
        const uint8_t byte = text[at];
        const uint8_t letter = letters[byte];
        if (letter) {
            output[written] = '\\';
            output[written + 1] = letter;
            written += 2;
            at++;
        } else if (byte == 0xe2 && !is_separator(text + at, count - at)) {
            output[written++] = byte;
            at++;
        } else {
            written += put_code(output + written, text + at, &at);
        }
    }
    *read = at;
    return written;
}

static inline size_t put_word(uint8_t *output, const char *word, size_t count) {
    memcpy(output, word, count);
    return count;
}

static inline size_t put_number(uint8_t *output, uint64_t value) {
    size_t digits = 1;
    for (uint64_t rest = value / 10; rest; rest /= 10) digits++;
    for (size_t i = digits; i-- > 0; value /= 10) output[i] = (uint8_t)('0' + value % 10);
    return digits;
}

// A string that is short and has others after it to read, as most have, and nothing to escape; copied in one step.
// Returns how much was written, or 0.
static inline size_t put_short(const uint8_t *text, size_t count, size_t readable, uint8_t *output) {
    if (count > sizeof(block) || readable < sizeof(block)) return 0;
    const block bytes = whole_block(text);
    memcpy(output, &bytes, sizeof bytes);
    return clean_bytes(bytes) >= count ? count : 0;
}

size_t tutti_json_write(
    const uint64_t *tape, const uint8_t *strings, size_t strings_count, tutti_json_writing *writing, uint8_t *output,
    size_t room
) {
    const uint64_t payload = 0x00ffffffffffffff;
    // Of what stands in `writing`, what every step needs, in registers.
    size_t index = writing->index, written = 0;
    const size_t end = writing->end;
    bool needs_comma = writing->needs_comma, is_key = writing->is_key;
    // What anything but a string takes at most, and a short string.
    while (index < end && room - written >= 32) {
        const uint64_t word = tape[index];
        const uint8_t tag = (uint8_t)(word >> 56);
        if (tag == '"') {
            const size_t start = (size_t)(word & payload) + sizeof(uint32_t);
            uint32_t length;
            memcpy(&length, strings + start - sizeof length, sizeof length);
            size_t read = writing->read;
            if (!writing->is_open) {
                if (needs_comma) output[written++] = ',';
                output[written++] = '"';
                read = put_short(strings + start, length, strings_count - start, output + written);
                written += read;
            }
            if (read < length) {
                written += tutti_json_escape(strings + start, length, &read, output + written, room - written);
                if (read < length || room - written < 2) {
                    writing->is_open = true;
                    writing->read = read;
                    break;
                }
            }
            writing->is_open = false;
            writing->read = 0;
            output[written++] = '"';
            if (is_key) output[written++] = ':';
            index++;
            // After a key comes its value.
            needs_comma = !is_key;
            is_key = !is_key && (writing->objects[0] & 1);
            continue;
        }
        if (tag == 'd') break;
        const bool is_end = tag == '}' || tag == ']';
        if (needs_comma && !is_end) output[written++] = ',';
        needs_comma = true;
        index++;
        switch (tag) {
        case '{':
        case '[':
            output[written++] = tag;
            writing->objects[1] = writing->objects[1] << 1 | writing->objects[0] >> 63;
            writing->objects[0] = writing->objects[0] << 1 | (tag == '{');
            needs_comma = false;
            break;
        case '}':
        case ']':
            output[written++] = tag;
            writing->objects[0] = writing->objects[0] >> 1 | writing->objects[1] << 63;
            writing->objects[1] >>= 1;
            break;
        case 'l': {
            const int64_t value = (int64_t)tape[index++];
            if (value < 0) output[written++] = '-';
            written += put_number(output + written, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
            break;
        }
        case 'u': written += put_number(output + written, tape[index++]); break;
        case 't': written += put_word(output + written, "true", 4); break;
        case 'f': written += put_word(output + written, "false", 5); break;
        default: written += put_word(output + written, "null", 4);
        }
        is_key = writing->objects[0] & 1;
    }
    writing->index = index;
    writing->needs_comma = needs_comma;
    writing->is_key = is_key;
    return written;
}
