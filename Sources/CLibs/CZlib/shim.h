#pragma once
#include <zlib.h>

/// `deflateInit2` is a macro; this is it, for the gzip format. Z_OK or zlib's code.
static inline int tutti_gzip_begin(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
