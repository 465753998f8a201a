// From logits to a token: penalties, grammar, temperature, top-p, and log probabilities.
#include "internal.hpp"

#include "json-schema-to-grammar.h"
#include "json.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

/// The model's logits less OpenAI's penalties for what has been said.
void fill_candidates(tutti_llama_sampler *sampler, const float *logits, int32_t vocabulary) {
    sampler->candidates.resize((size_t)vocabulary);
    for (int32_t id = 0; id < vocabulary; id++) sampler->candidates[(size_t)id] = {id, logits[id], 0};
    const auto &settings = sampler->settings;
    if (settings.frequency_penalty == 0 && settings.presence_penalty == 0) return;
    for (const auto &[token, count] : sampler->counts) {
        sampler->candidates[(size_t)token].logit -=
            settings.presence_penalty + settings.frequency_penalty * (float)count;
    }
}

llama_token draw(tutti_llama_sampler *sampler, llama_token_data_array *array) {
    if (sampler->chain) {
        llama_sampler_apply(sampler->chain, array);
        if (array->selected < 0 || (size_t)array->selected >= array->size) throw std::runtime_error("nothing to draw");
        return array->data[array->selected].id;
    }
    if (array->size == 0) throw std::runtime_error("nothing to draw");
    return std::max_element(
               array->data, array->data + array->size,
               [](const llama_token_data &left, const llama_token_data &right) { return left.logit < right.logit; })
        ->id;
}

bool grammar_allows(tutti_llama_sampler *sampler, llama_token token) {
    llama_token_data single = {token, 1, 0};
    llama_token_data_array array = {&single, 1, -1, false};
    llama_sampler_apply(sampler->grammar, &array);
    return array.size == 1 && std::isfinite(array.data[0].logit);
}

/// First as though there were no grammar, which is most often right and a hundred times cheaper; else with it.
llama_token choose(tutti_llama_sampler *sampler, const float *logits, int32_t vocabulary) {
    fill_candidates(sampler, logits, vocabulary);
    llama_token_data_array array = {sampler->candidates.data(), sampler->candidates.size(), -1, false};
    llama_token token = draw(sampler, &array);
    if (!sampler->grammar || grammar_allows(sampler, token)) return token;
    fill_candidates(sampler, logits, vocabulary);
    array = {sampler->candidates.data(), sampler->candidates.size(), -1, false};
    llama_sampler_apply(sampler->grammar, &array);
    token = draw(sampler, &array);
    if (!grammar_allows(sampler, token)) throw std::runtime_error("the schema leaves the model nothing to say");
    return token;
}

/// The logarithm of the sum of exponentials: what a logit is less by to become a log probability.
float log_sum(const float *logits, int32_t vocabulary) {
    const float top = *std::max_element(logits, logits + vocabulary);
    double sum = 0;
    for (int32_t id = 0; id < vocabulary; id++) sum += std::exp(logits[id] - top);
    return top + (float)std::log(sum);
}

void fill_top(const float *logits, int32_t vocabulary, float sum, tutti_llama_choice *top, size_t count) {
    std::vector<int32_t> ids((size_t)vocabulary);
    for (int32_t id = 0; id < vocabulary; id++) ids[(size_t)id] = id;
    count = std::min(count, ids.size());
    std::partial_sort(ids.begin(), ids.begin() + (std::ptrdiff_t)count, ids.end(), [&](int32_t left, int32_t right) {
        return logits[left] != logits[right] ? logits[left] > logits[right] : left < right;
    });
    for (size_t i = 0; i < count; i++) top[i] = {ids[i], logits[ids[i]] - sum};
}

}  // namespace

tutti_llama_sampler *sampler_new(
    const tutti_llama_model *model, const tutti_llama_sampling *sampling, const char *grammar, char *error,
    size_t size) {
    return guarded<tutti_llama_sampler *>(nullptr, error, size, [&] {
        std::unique_ptr<tutti_llama_sampler, void (*)(tutti_llama_sampler *)> sampler(
            new tutti_llama_sampler, sampler_free);
        sampler->settings = *sampling;
        sampler->vocab = model->vocab;
        if (sampling->temperature > 0) {
            llama_sampler_chain_params parameters = llama_sampler_chain_default_params();
            parameters.no_perf = true;
            sampler->chain = llama_sampler_chain_init(parameters);
            // OpenAI's order: the temperature shapes the distribution that the nucleus is cut from.
            llama_sampler_chain_add(sampler->chain, llama_sampler_init_temp(sampling->temperature));
            if (sampling->top_p < 1) {
                llama_sampler_chain_add(sampler->chain, llama_sampler_init_top_p(sampling->top_p, 1));
            }
            const uint32_t seed = std::min(sampling->seed, LLAMA_DEFAULT_SEED - 1);  // that one means "any"
            llama_sampler_chain_add(sampler->chain, llama_sampler_init_dist(seed));
        }
        if (grammar) {
            take_logged_error();
            sampler->grammar = llama_sampler_init_grammar(model->vocab, grammar, "root");
            if (!sampler->grammar) throw std::runtime_error("the grammar cannot be read: " + take_logged_error());
        }
        return sampler.release();
    });
}

void sampler_free(tutti_llama_sampler *sampler) {
    if (!sampler) return;
    if (sampler->chain) llama_sampler_free(sampler->chain);
    if (sampler->grammar) llama_sampler_free(sampler->grammar);
    delete sampler;
}

int32_t sample(
    tutti_llama_sampler *sampler, tutti_llama_context *context, int32_t index, bool logprobs,
    tutti_llama_choice *choice, tutti_llama_choice *top, size_t top_count, char *error, size_t size) {
    return guarded<int32_t>(TUTTI_LLAMA_FAILED, error, size, [&] {
        if (index < 0 || index >= context->entries) throw std::runtime_error("there is no such output");
        const float *logits = llama_get_logits_ith(context->context, index);
        if (!logits) throw std::runtime_error("there is no such output");
        const int32_t vocabulary = llama_vocab_n_tokens(sampler->vocab);
        const llama_token token = choose(sampler, logits, vocabulary);
        *choice = {token, 0};
        if (logprobs) {
            const float sum = log_sum(logits, vocabulary);
            choice->logprob = logits[token] - sum;
            if (top_count > 0) fill_top(logits, vocabulary, sum, top, top_count);
        }
        if (sampler->grammar) llama_sampler_accept(sampler->grammar, token);
        if (sampler->chain) llama_sampler_accept(sampler->chain, token);
        sampler->counts[token]++;
        return (int32_t)TUTTI_LLAMA_OK;
    });
}

int64_t grammar_of_schema(
    const char *schema, size_t length, char *grammar, size_t capacity, char *error, size_t size) {
    return guarded<int64_t>(-1, error, size, [&] {
        const std::string text = json_schema_to_grammar(common_json::parse(std::string(schema, length)), true);
        const size_t count = std::min(text.size(), capacity > 0 ? capacity - 1 : 0);
        if (capacity > 0) {
            std::memcpy(grammar, text.data(), count);
            grammar[count] = 0;
        }
        return (int64_t)text.size();
    });
}
