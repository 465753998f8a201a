// What the wrapper's files share: the types behind the opaque handles, and the guard that keeps every failure of
// llama.cpp from crossing the C interface.
#pragma once

#include "llama.h"
#include "tutti_llama.h"

#include "jinja/caps.h"
#include "jinja/runtime.h"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

struct ggml_threadpool;

/// A chat template, compiled once. `raise_exception` and other failures surface when it is rendered.
struct chat_template {
    jinja::program program;
    std::string source;
    jinja::caps caps;
    std::string bos, eos;
};

struct tutti_llama_model {
    llama_model *model = nullptr;
    const llama_vocab *vocab = nullptr;
    std::unique_ptr<chat_template> chat;
    std::string chat_error;  // why there is no template
};

struct tutti_llama_context {
    llama_context *context = nullptr;
    ggml_threadpool *threads = nullptr;
    const llama_vocab *vocab = nullptr;
    uint32_t sequences = 0;
    llama_batch batch = {};
    int32_t batch_size = 0;
    int32_t entries = 0;  // of the last decode
};

struct tutti_llama_sampler {
    tutti_llama_sampling settings = {};
    const llama_vocab *vocab = nullptr;
    llama_sampler *chain = nullptr;    // temperature, top-p and the draw; null when greedy
    llama_sampler *grammar = nullptr;  // null without one
    std::unordered_map<int32_t, int32_t> counts;
    std::vector<llama_token_data> candidates;
};

/// While one lives, passes on this thread pool are known to carry more than one conversation (products.cpp).
class shared_pass {
public:
    shared_pass(ggml_threadpool *threads, bool is_shared);
    ~shared_pass();
    shared_pass(const shared_pass &) = delete;

private:
    int place = -1;
};

/// ggml's own abort, turned into an exception on the thread that called in.
struct aborted : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// While one lives, an abort of ggml on this thread throws `aborted` instead of ending the process.
struct abort_guard {
    abort_guard();
    ~abort_guard();
};

/// The last error that llama.cpp logged on this thread; cleared by reading.
std::string take_logged_error();

void write_error(char *error, size_t size, const char *text);

/// Runs `body`; an exception becomes `failed` and its text.
template <typename Result, typename Body>
Result guarded(Result failed, char *error, size_t size, Body &&body) {
    abort_guard guard;
    try {
        return body();
    } catch (const std::bad_alloc &) {
        write_error(error, size, "out of memory");
    } catch (const std::exception &failure) {
        write_error(error, size, failure.what());
    } catch (...) {
        write_error(error, size, "an unknown failure inside llama.cpp");
    }
    return failed;
}

std::vector<llama_token> tokens_of(const llama_vocab *vocab, const std::string &text, bool special);
std::unique_ptr<chat_template> load_chat_template(const llama_model *model);
std::vector<llama_token> render_prompt(const tutti_llama_model *model, const std::string &messages);

int64_t grammar_of_schema(const char *schema, size_t length, char *grammar, size_t capacity, char *error, size_t size);
tutti_llama_sampler *sampler_new(
    const tutti_llama_model *model, const tutti_llama_sampling *sampling, const char *grammar, char *error,
    size_t size);
void sampler_free(tutti_llama_sampler *sampler);
int32_t sample(
    tutti_llama_sampler *sampler, tutti_llama_context *context, int32_t index, bool logprobs,
    tutti_llama_choice *choice, tutti_llama_choice *top, size_t top_count, char *error, size_t size);

tutti_llama_context *context_new(
    tutti_llama_model *model, uint32_t window, uint32_t sequences, uint32_t batch, uint32_t threads, char *error,
    size_t size);
void context_free(tutti_llama_context *context);
int32_t decode(
    tutti_llama_context *context, const tutti_llama_entry *entries, size_t count, char *error, size_t size);
void forget(tutti_llama_context *context, int32_t sequence);
