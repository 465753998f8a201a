// The exported table, the guard, and what belongs to a model: loading, tokens, pieces.
#include "internal.hpp"

#include "ggml.h"

#include <cstring>

namespace {

thread_local int guards = 0;
thread_local std::string logged_error;

void on_abort(const char *message) {
    // Without a guard on this thread (one of ggml's workers) nothing can catch: returning lets ggml end the process.
    if (guards > 0) throw aborted(message);
}

void on_log(ggml_log_level level, const char *text, void *) {
    if (level == GGML_LOG_LEVEL_ERROR) logged_error = text;
}

tutti_llama_model *model_load(const char *path, char *error, size_t size) {
    return guarded<tutti_llama_model *>(nullptr, error, size, [&] {
        take_logged_error();
        llama_model_params parameters = llama_model_default_params();
        parameters.n_gpu_layers = 0;
        llama_model *loaded = llama_model_load_from_file(path, parameters);
        if (!loaded) {
            std::string why = take_logged_error();
            throw std::runtime_error(why.empty() ? "not a model that llama.cpp can load" : why);
        }
        auto model = std::make_unique<tutti_llama_model>();
        model->model = loaded;
        model->vocab = llama_model_get_vocab(loaded);
        if (!llama_model_has_decoder(loaded) || llama_model_has_encoder(loaded)) {
            llama_model_free(loaded);
            throw std::runtime_error("the model does not write text");
        }
        try {
            model->chat = load_chat_template(loaded);
        } catch (const std::exception &failure) {
            model->chat_error = failure.what();
        }
        return model.release();
    });
}

void model_free(tutti_llama_model *model) {
    if (!model) return;
    llama_model_free(model->model);
    delete model;
}

void model_info(const tutti_llama_model *model, tutti_llama_info *info) {
    *info = {};
    info->vocabulary = llama_vocab_n_tokens(model->vocab);
    info->window = llama_model_n_ctx_train(model->model);
    for (llama_token token = 0; token < info->vocabulary; token++) {
        int32_t need = llama_token_to_piece(model->vocab, token, nullptr, 0, 0, false);
        if (-need > info->longest_piece) info->longest_piece = -need;
    }
    if (llama_model_meta_val_str(model->model, "general.name", info->name, sizeof info->name) <= 0) {
        llama_model_desc(model->model, info->name, sizeof info->name);
    }
}

int64_t give(const std::vector<llama_token> &found, int32_t *tokens, size_t capacity) {
    size_t count = found.size() < capacity ? found.size() : capacity;
    if (count > 0) std::memcpy(tokens, found.data(), count * sizeof(int32_t));
    return (int64_t)found.size();
}

int64_t tokenize(
    const tutti_llama_model *model, const char *text, size_t length, bool special, int32_t *tokens, size_t capacity,
    char *error, size_t size) {
    return guarded<int64_t>(-1, error, size, [&] {
        return give(tokens_of(model->vocab, std::string(text, length), special), tokens, capacity);
    });
}

int64_t prompt(
    const tutti_llama_model *model, const char *messages, size_t length, int32_t *tokens, size_t capacity,
    char *error, size_t size) {
    return guarded<int64_t>(
        -1, error, size, [&] { return give(render_prompt(model, std::string(messages, length)), tokens, capacity); });
}

size_t piece(const tutti_llama_model *model, int32_t token, uint8_t *bytes, size_t capacity) {
    if (token < 0 || token >= llama_vocab_n_tokens(model->vocab)) return 0;
    int32_t room = capacity > INT32_MAX ? INT32_MAX : (int32_t)capacity;
    int32_t written = llama_token_to_piece(model->vocab, token, (char *)bytes, room, 0, false);
    return written < 0 ? (size_t)-written : (size_t)written;
}

bool is_end(const tutti_llama_model *model, int32_t token) { return llama_vocab_is_eog(model->vocab, token); }

/// Whether this processor has what the object was compiled for; this file itself is compiled for any.
bool processor_fits() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (std::string(TUTTI_LLAMA_LEVEL) == "avx2") {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    }
#endif
    return true;
}

const tutti_llama_table table = {
    TUTTI_LLAMA_ABI, TUTTI_LLAMA_VERSION, TUTTI_LLAMA_LEVEL, model_load,   model_free,  model_info, tokenize,
    prompt,          piece,               is_end,            context_new,  context_free, decode,    forget,
    sampler_new,     sampler_free,        sample,            grammar_of_schema,
};

}  // namespace

abort_guard::abort_guard() { guards++; }
abort_guard::~abort_guard() { guards--; }

std::string take_logged_error() {
    std::string text = std::move(logged_error);
    logged_error.clear();
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

void write_error(char *error, size_t size, const char *text) {
    if (error && size > 0) std::snprintf(error, size, "%s", text);
}

std::vector<llama_token> tokens_of(const llama_vocab *vocab, const std::string &text, bool special) {
    if (text.size() > INT32_MAX / 2) throw std::runtime_error("the text is too long");
    std::vector<llama_token> tokens(text.size() + 8);
    int32_t count = llama_tokenize(
        vocab, text.data(), (int32_t)text.size(), tokens.data(), (int32_t)tokens.size(), false, special);
    if (count < 0) throw std::runtime_error("the text cannot be cut into tokens");
    tokens.resize((size_t)count);
    return tokens;
}

extern "C" __attribute__((visibility("default"))) const tutti_llama_table *tutti_llama(void) {
    if (!processor_fits()) return nullptr;
    static const bool started = [] {
        llama_log_set(on_log, nullptr);
        ggml_set_abort_callback(on_abort);
        llama_backend_init();
        return true;
    }();
    (void)started;
    return &table;
}
