// Matrix products over the default model's weights, Q4_1 and Q8_0, for several columns at a time: llama.cpp has no fast
// path for the first, so a prompt or four conversations at once cost it as much as one after another.
// A pass of one conversation keeps llama.cpp's own arithmetic wherever it multiplies by one column.
// Stands before llamafile_sgemm (the linker's --wrap) and passes everything else on. Needs AVX2, FMA and F16C.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "internal.hpp"

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"
#include "ggml-cpu-impl.h"

namespace {

/// The thread pools whose pass under way is shared; beyond that many models at once, passes are merely slower.
std::atomic<ggml_threadpool *> shared[16];

bool is_shared(const ggml_compute_params *params) {
    for (auto &place : shared) {
        if (place.load(std::memory_order_relaxed) == params->threadpool) return params->threadpool != nullptr;
    }
    return false;
}

}  // namespace

shared_pass::shared_pass(ggml_threadpool *threads, bool is_shared) {
    for (int i = 0; is_shared && threads && place < 0 && i < 16; i++) {
        ggml_threadpool *none = nullptr;
        if (shared[i].compare_exchange_strong(none, threads)) place = i;
    }
}

shared_pass::~shared_pass() {
    if (place >= 0) shared[place] = nullptr;
}

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>

namespace {

constexpr int64_t block = 32;  // weights that share a scale and a minimum

/// One side's scales (and minimums or sums) as plain floats, each run padded to whole vectors with zeros.
struct factors {
    std::vector<float> scale, offset;
    int64_t stride = 0;

    /// Both formats begin a block with its two factors, as half floats.
    template <typename Block>
    void fill(const Block *blocks, int64_t lines, int64_t line, int64_t k) {
        stride = (k + 7) / 8 * 8;
        scale.resize((size_t)(lines * stride));
        offset.resize((size_t)(lines * stride));
        for (int64_t i = 0; i < lines; i++) {
            float *scales = scale.data() + i * stride, *offsets = offset.data() + i * stride;
            for (int64_t b = 0; b < k; b++) {
                uint16_t halves[2];
                std::memcpy(halves, &blocks[i * line + b], sizeof halves);
                scales[b] = _cvtsh_ss(halves[0]);
                offsets[b] = _cvtsh_ss(halves[1]);
            }
            for (int64_t b = k; b < stride; b++) scales[b] = offsets[b] = 0;
        }
    }
};

/// What a thread keeps from call to call.
struct workspace {
    factors rows, columns;
    std::vector<uint8_t> nibbles;  // two rows' weights, a byte each
};

thread_local workspace space;

void unpack(const block_q4_1 *row, int64_t k, uint8_t *bytes) {
    const __m128i low = _mm_set1_epi8(15);
    for (int64_t b = 0; b < k; b++) {
        const __m128i packed = _mm_loadu_si128((const __m128i *)row[b].qs);
        _mm_storeu_si128((__m128i *)(bytes + b * block), _mm_and_si128(packed, low));
        _mm_storeu_si128((__m128i *)(bytes + b * block + 16), _mm_and_si128(_mm_srli_epi16(packed, 4), low));
    }
}

/// In double precision: rounded once, in whatever order the lanes are added.
float sum(__m256 v) {
    const __m256d four =
        _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(v)), _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return (float)_mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/// ROWS x COLUMNS results at once, so that what is loaded is used several times. `bytes` holds the unpacked rows.
template <int ROWS, int COLUMNS>
void tile(int64_t k, const uint8_t *bytes, const float *row_scale, const float *row_offset, const block_q8_1 *columns,
          int64_t line, const float *column_scale, const float *column_offset, int64_t stride, float *out,
          int64_t out_line) {
    __m256 total[ROWS][COLUMNS];
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLUMNS; c++) total[r][c] = _mm256_setzero_ps();
    }
    const __m256i ones = _mm256_set1_epi16(1);
    for (int64_t b = 0; b < k; b++) {
        __m256i weights[ROWS];
        __m256 scale[ROWS];
        for (int r = 0; r < ROWS; r++) {
            weights[r] = _mm256_loadu_si256((const __m256i *)(bytes + (r * k + b) * block));
            scale[r] = _mm256_broadcast_ss(row_scale + r * stride + b);
        }
        for (int c = 0; c < COLUMNS; c++) {
            const __m256i values = _mm256_loadu_si256((const __m256i *)columns[c * line + b].qs);
            const __m256 factor = _mm256_broadcast_ss(column_scale + c * stride + b);
            for (int r = 0; r < ROWS; r++) {
                const __m256i products = _mm256_madd_epi16(_mm256_maddubs_epi16(weights[r], values), ones);
                total[r][c] =
                    _mm256_fmadd_ps(_mm256_mul_ps(scale[r], factor), _mm256_cvtepi32_ps(products), total[r][c]);
            }
        }
    }
    // Each block's minimum times the sum of the other side's values.
    for (int64_t b = 0; b < stride; b += 8) {
        for (int r = 0; r < ROWS; r++) {
            const __m256 minimums = _mm256_loadu_ps(row_offset + r * stride + b);
            for (int c = 0; c < COLUMNS; c++) {
                total[r][c] =
                    _mm256_fmadd_ps(minimums, _mm256_loadu_ps(column_offset + c * stride + b), total[r][c]);
            }
        }
    }
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLUMNS; c++) out[c * out_line + r] = sum(total[r][c]);
    }
}

template <int ROWS>
void band(const workspace &w, int64_t k, int64_t n, const block_q8_1 *columns, int64_t line, float *out,
          int64_t out_line) {
    const int64_t stride = w.columns.stride;
    for (int64_t c = 0; c < n;) {
        const auto run = [&](auto run_tile, int64_t count) {
            run_tile(k, w.nibbles.data(), w.rows.scale.data(), w.rows.offset.data(), columns + c * line, line,
                     w.columns.scale.data() + c * stride, w.columns.offset.data() + c * stride, stride,
                     out + c * out_line, out_line);
            c += count;
        };
        switch (n - c) {
        case 1: run(tile<ROWS, 1>, 1); break;
        case 2: run(tile<ROWS, 2>, 2); break;
        case 3: run(tile<ROWS, 3>, 3); break;
        default: run(tile<ROWS, 4>, 4); break;
        }
    }
}

/// The other side of `narrow`: for each block the scales, then the sums, of four columns side by side.
thread_local std::vector<float> quads;

void fill_quads(const block_q8_1 *columns, int64_t n, int64_t line, int64_t k) {
    quads.assign((size_t)(k * 8), 0);
    for (int64_t c = 0; c < n; c++) {
        for (int64_t b = 0; b < k; b++) {
            uint16_t halves[2];
            std::memcpy(halves, &columns[c * line + b], sizeof halves);
            quads[(size_t)(b * 8 + c)] = _cvtsh_ss(halves[0]);
            quads[(size_t)(b * 8 + 4 + c)] = _cvtsh_ss(halves[1]);
        }
    }
}

/// Two rows times two to four columns, unpacking as it goes: what a pass of a few conversations is made of.
template <int COLUMNS>
void narrow(int64_t k, const block_q4_1 *rows, int64_t row_line, const block_q8_1 *columns, int64_t line, float *out,
            int64_t out_line) {
    __m256 total[2][COLUMNS];
    __m128 minimums[2] = {_mm_setzero_ps(), _mm_setzero_ps()};
    for (int c = 0; c < COLUMNS; c++) total[0][c] = total[1][c] = _mm256_setzero_ps();
    const __m256i ones = _mm256_set1_epi16(1), low = _mm256_set1_epi8(15);
    const float *quad = quads.data();
    for (int64_t b = 0; b < k; b++, quad += 8) {
        __m256i weights[2];
        __m256 scale[2];
        for (int r = 0; r < 2; r++) {
            const block_q4_1 *row = rows + r * row_line + b;
            const __m128i packed = _mm_loadu_si128((const __m128i *)row->qs);
            weights[r] = _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(packed, 4), packed), low);
            const __m128 pair = _mm_cvtph_ps(_mm_loadu_si32(row));
            scale[r] = _mm256_broadcastss_ps(pair);
            minimums[r] = _mm_fmadd_ps(_mm_shuffle_ps(pair, pair, 0x55), _mm_loadu_ps(quad + 4), minimums[r]);
        }
        for (int c = 0; c < COLUMNS; c++) {
            const __m256i values = _mm256_loadu_si256((const __m256i *)columns[c * line + b].qs);
            const __m256 factor = _mm256_broadcast_ss(quad + c);
            for (int r = 0; r < 2; r++) {
                const __m256i products = _mm256_madd_epi16(_mm256_maddubs_epi16(weights[r], values), ones);
                total[r][c] =
                    _mm256_fmadd_ps(_mm256_mul_ps(scale[r], factor), _mm256_cvtepi32_ps(products), total[r][c]);
            }
        }
    }
    for (int r = 0; r < 2; r++) {
        float offsets[4];
        _mm_storeu_ps(offsets, minimums[r]);
        for (int c = 0; c < COLUMNS; c++) out[c * out_line + r] = sum(total[r][c]) + offsets[c];
    }
}

/// Four rows of half floats times one column.
void four_rows(int64_t k, const uint16_t *rows, int64_t line, const float *column, float *out) {
    __m256 total[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    for (int64_t i = 0; i < k; i += 8) {
        const __m256 values = _mm256_loadu_ps(column + i);
        for (int r = 0; r < 4; r++) {
            const __m128i halves = _mm_loadu_si128((const __m128i *)(rows + r * line + i));
            total[r] = _mm256_fmadd_ps(_mm256_cvtph_ps(halves), values, total[r]);
        }
    }
    const __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(total[0], total[1]), _mm256_hadd_ps(total[2], total[3]));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1)));
}

/// Attention of one token, this thread's share: `m`, a multiple of four, rows of half floats times one column.
void attention(int64_t m, int64_t k, const uint16_t *rows, int64_t line, const float *column, float *out, int ith,
               int nth) {
    for (int64_t r = m / 4 * ith / nth * 4; r < m / 4 * (ith + 1) / nth * 4; r += 4) {
        four_rows(k, rows + r * line, line, column, out + r);
    }
}

/// Two rows times two to four columns of Q8_0, the format of the default model's last and largest matrix.
template <int COLUMNS>
void narrow_q8_0(int64_t k, const block_q8_0 *rows, int64_t row_line, const block_q8_0 *columns, int64_t line,
                 float *out, int64_t out_line) {
    __m256 total[2][COLUMNS];
    for (int c = 0; c < COLUMNS; c++) total[0][c] = total[1][c] = _mm256_setzero_ps();
    const __m256i ones = _mm256_set1_epi16(1);
    const float *quad = quads.data();
    for (int64_t b = 0; b < k; b++, quad += 4) {
        __m256i weights[2], sizes[2];
        __m256 scale[2];
        for (int r = 0; r < 2; r++) {
            const block_q8_0 *row = rows + r * row_line + b;
            weights[r] = _mm256_loadu_si256((const __m256i *)row->qs);
            sizes[r] = _mm256_abs_epi8(weights[r]);
            uint16_t half;
            std::memcpy(&half, row, sizeof half);
            scale[r] = _mm256_set1_ps(_cvtsh_ss(half));
        }
        for (int c = 0; c < COLUMNS; c++) {
            const __m256i values = _mm256_loadu_si256((const __m256i *)columns[c * line + b].qs);
            const __m256 factor = _mm256_broadcast_ss(quad + c);
            for (int r = 0; r < 2; r++) {
                const __m256i pairs = _mm256_maddubs_epi16(sizes[r], _mm256_sign_epi8(values, weights[r]));
                total[r][c] = _mm256_fmadd_ps(
                    _mm256_mul_ps(scale[r], factor), _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones)),
                    total[r][c]);
            }
        }
    }
    for (int r = 0; r < 2; r++) {
        for (int c = 0; c < COLUMNS; c++) out[c * out_line + r] = sum(total[r][c]);
    }
}

void product_q8_0(int64_t m, int64_t n, int64_t k, const block_q8_0 *rows, int64_t row_line,
                  const block_q8_0 *columns, int64_t column_line, float *out, int64_t out_line, int ith, int nth) {
    quads.assign((size_t)(k * 4), 0);
    for (int64_t c = 0; c < n; c++) {
        for (int64_t b = 0; b < k; b++) {
            uint16_t half;
            std::memcpy(&half, &columns[c * column_line + b], sizeof half);
            quads[(size_t)(b * 4 + c)] = _cvtsh_ss(half);
        }
    }
    const auto run = n == 2 ? narrow_q8_0<2> : n == 3 ? narrow_q8_0<3> : narrow_q8_0<4>;
    for (int64_t r = m / 2 * ith / nth * 2; r < m / 2 * (ith + 1) / nth * 2; r += 2) {
        run(k, rows + r * row_line, row_line, columns, column_line, out + r, out_line);
    }
}

/// This thread's share of the rows, two by two.
void product(int64_t m, int64_t n, int64_t k, const block_q4_1 *rows, int64_t row_line, const block_q8_1 *columns,
             int64_t column_line, float *out, int64_t out_line, int ith, int nth) {
    const int64_t pairs = (m + 1) / 2;
    const int64_t end = pairs * (ith + 1) / nth * 2;
    workspace &w = space;
    if (n <= 4 && m % 2 == 0) {
        fill_quads(columns, n, column_line, k);
        const auto run = n == 2 ? narrow<2> : n == 3 ? narrow<3> : narrow<4>;
        for (int64_t r = pairs * ith / nth * 2; r < end; r += 2) {
            run(k, rows + r * row_line, row_line, columns, column_line, out + r, out_line);
        }
        return;
    }
    w.columns.fill(columns, n, column_line, k);
    w.nibbles.resize((size_t)(2 * k * block));
    for (int64_t r = pairs * ith / nth * 2; r < end && r < m; r += 2) {
        const int64_t count = r + 1 < m ? 2 : 1;
        w.rows.fill(rows + r * row_line, count, row_line, k);
        for (int64_t i = 0; i < count; i++) unpack(rows + (r + i) * row_line, k, w.nibbles.data() + i * k * block);
        if (count == 2) band<2>(w, k, n, columns, column_line, out + r, out_line);
        else band<1>(w, k, n, columns, column_line, out + r, out_line);
    }
}

}  // namespace
#endif

extern "C" bool __real_llamafile_sgemm(
    const ggml_compute_params *params, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda, const void *b,
    int64_t ldb, void *c, int64_t ldc, int a_type, int b_type, int c_type);

extern "C" bool __wrap_llamafile_sgemm(
    const ggml_compute_params *params, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda, const void *b,
    int64_t ldb, void *c, int64_t ldc, int a_type, int b_type, int c_type) {
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
    if (a_type == GGML_TYPE_Q4_1 && b_type == GGML_TYPE_Q8_1 && c_type == GGML_TYPE_F32 && n > 1) {
        product(m, n, k, (const block_q4_1 *)a, lda, (const block_q8_1 *)b, ldb, (float *)c, ldc, params->ith,
                params->nth);
        return true;
    }
    if (a_type == GGML_TYPE_F16 && b_type == GGML_TYPE_F32 && c_type == GGML_TYPE_F32 && n == 1 && k % 8 == 0 &&
        m % 4 == 0 && is_shared(params)) {
        attention(m, k, (const uint16_t *)a, lda, (const float *)b, (float *)c, params->ith, params->nth);
        return true;
    }
    if (a_type == GGML_TYPE_Q8_0 && b_type == GGML_TYPE_Q8_0 && c_type == GGML_TYPE_F32 && n > 1 && n <= 4 &&
        m % 2 == 0) {
        product_q8_0(m, n, k, (const block_q8_0 *)a, lda, (const block_q8_0 *)b, ldb, (float *)c, ldc, params->ith,
                     params->nth);
        return true;
    }
#endif
    return __real_llamafile_sgemm(params, m, n, k, a, lda, b, ldb, c, ldc, a_type, b_type, c_type);
}
