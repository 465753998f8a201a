#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The binary interface between Tutti and `libtutti-llama.so`, the wrapper around llama.cpp that the set-up builds.
/// The object exports one symbol, `tutti_llama`, which returns a table of functions. Nothing here knows llama.cpp's
/// own types, so `swift build` needs none of it. Raise the number with every change of this file's meaning.
///
/// Rules: no call throws or ends the process on bad input; a failing call writes one sentence, cut to fit and closed
/// by NUL, into the caller's `error` buffer (at least one byte long). A model's calls may come from any thread; one
/// context and the samplers used with it belong to one thread at a time. Texts are UTF-8, lengths are bytes.
#define TUTTI_LLAMA_ABI 1

typedef struct tutti_llama_model tutti_llama_model;
typedef struct tutti_llama_context tutti_llama_context;
typedef struct tutti_llama_sampler tutti_llama_sampler;

typedef struct tutti_llama_info {
    int32_t vocabulary;   ///< number of tokens
    int32_t window;       ///< tokens that the model was trained to attend to
    int32_t longest_piece;///< bytes of the longest token's text
    char name[128];       ///< the file's own name for the model, or its architecture
} tutti_llama_info;

/// One token for the next forward pass.
typedef struct tutti_llama_entry {
    int32_t token;
    int32_t position;  ///< within its sequence, from 0
    int32_t sequence;  ///< 0 ..< sequences of the context
    bool output;       ///< whether a token will be sampled after this one
} tutti_llama_entry;

typedef struct tutti_llama_sampling {
    float temperature;        ///< 0 takes the likeliest token
    float top_p;              ///< 1 keeps every token
    float frequency_penalty;  ///< OpenAI's meaning, over the tokens sampled so far
    float presence_penalty;
    uint32_t seed;
} tutti_llama_sampling;

typedef struct tutti_llama_choice {
    int32_t token;
    float logprob;  ///< natural logarithm, of the model's own distribution, before temperature and grammar
} tutti_llama_choice;

/// What a call for a decode can answer.
enum {
    TUTTI_LLAMA_OK = 0,
    TUTTI_LLAMA_NO_ROOM = 1,  ///< nothing was computed: the sequences do not fit
    TUTTI_LLAMA_FAILED = -1,  ///< this call failed; the context goes on
    TUTTI_LLAMA_BROKEN = -2,  ///< the context must not be used again, and not be freed either
};

typedef struct tutti_llama_table {
    uint32_t abi;
    const char *version;  ///< llama.cpp's, for the log
    const char *level;    ///< the instruction set that the object was built for

    tutti_llama_model *(*model_load)(const char *path, char *error, size_t error_size);
    /// After every context and sampler of the model.
    void (*model_free)(tutti_llama_model *model);
    void (*model_info)(const tutti_llama_model *model, tutti_llama_info *info);

    /// Plain text to tokens; `special` lets the text name control tokens. Answers the number of tokens, of which at
    /// most `capacity` were written, or a negative number and `error`.
    int64_t (*tokenize)(
        const tutti_llama_model *model, const char *text, size_t length, bool special, int32_t *tokens,
        size_t capacity, char *error, size_t error_size);
    /// A conversation (a JSON array of `{"role", "content"}`) to the tokens that the model's own chat template makes
    /// of it, ready for an answer. What a message says never becomes a control token. Counts as `tokenize` does.
    int64_t (*prompt)(
        const tutti_llama_model *model, const char *messages, size_t length, int32_t *tokens, size_t capacity,
        char *error, size_t error_size);
    /// The bytes of a token, none for a control token; may end inside a character. Answers their number; nothing is
    /// written when it is over `capacity`.
    size_t (*piece)(const tutti_llama_model *model, int32_t token, uint8_t *bytes, size_t capacity);
    bool (*is_end)(const tutti_llama_model *model, int32_t token);

    /// `window` tokens for each of `sequences`; at most `batch` entries a decode. The calling thread computes, with
    /// `threads - 1` more that inherit its priority.
    tutti_llama_context *(*context_new)(
        tutti_llama_model *model, uint32_t window, uint32_t sequences, uint32_t batch, uint32_t threads, char *error,
        size_t error_size);
    void (*context_free)(tutti_llama_context *context);
    /// One forward pass. Entries of one sequence are in order of position.
    int32_t (*decode)(
        tutti_llama_context *context, const tutti_llama_entry *entries, size_t count, char *error, size_t error_size);
    /// Forgets everything of a sequence.
    void (*forget)(tutti_llama_context *context, int32_t sequence);

    /// `grammar` is GBNF closed by NUL, or null.
    tutti_llama_sampler *(*sampler_new)(
        const tutti_llama_model *model, const tutti_llama_sampling *sampling, const char *grammar, char *error,
        size_t error_size);
    void (*sampler_free)(tutti_llama_sampler *sampler);
    /// Samples after entry `index` of the last decode and takes the token as said. Fills `choice` and the `top`
    /// likeliest tokens, likeliest first; log probabilities are computed only when `logprobs`.
    int32_t (*sample)(
        tutti_llama_sampler *sampler, tutti_llama_context *context, int32_t index, bool logprobs,
        tutti_llama_choice *choice, tutti_llama_choice *top, size_t top_count, char *error, size_t error_size);

    /// A JSON schema to GBNF. Answers the length without the closing NUL, cut to `capacity`, or a negative number.
    int64_t (*grammar_of_schema)(
        const char *schema, size_t length, char *grammar, size_t capacity, char *error, size_t error_size);
} tutti_llama_table;

/// The type of the exported symbol `tutti_llama`.
typedef const tutti_llama_table *(*tutti_llama_function)(void);

/// Opens the object at `path` and checks its number; null and a sentence when that fails. The object stays open for
/// the life of the process: threads of its own may outlive any one model.
const tutti_llama_table *tutti_llama_open(const char *path, char *error, size_t error_size);

#ifdef __cplusplus
}
#endif
