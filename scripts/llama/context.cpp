// A context: the memory of several conversations, and the forward pass over a batch of them.
#include "internal.hpp"

#include "ggml-cpu.h"

tutti_llama_context *context_new(
    tutti_llama_model *model, uint32_t window, uint32_t sequences, uint32_t batch, uint32_t threads, char *error,
    size_t size) {
    return guarded<tutti_llama_context *>(nullptr, error, size, [&] {
        if (window == 0 || sequences == 0 || batch == 0 || threads == 0 || sequences > llama_max_parallel_sequences() ||
            threads > GGML_MAX_N_THREADS || uint64_t(window) * sequences > INT32_MAX || batch > INT32_MAX) {
            throw std::runtime_error("the window, the number of conversations or of threads is out of range");
        }
        take_logged_error();
        llama_context_params parameters = llama_context_default_params();
        parameters.n_ctx = window * sequences;
        parameters.n_seq_max = sequences;
        parameters.n_batch = batch;
        parameters.n_ubatch = batch;
        parameters.n_threads = (int32_t)threads;
        parameters.n_threads_batch = (int32_t)threads;
        parameters.no_perf = true;
        parameters.kv_unified = false;
        // As fast on a processor as flash attention; which of the two is nearer to exact sums differs from prompt to prompt.
        parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
        llama_context *made = llama_init_from_model(model->model, parameters);
        if (!made) {
            std::string why = take_logged_error();
            throw std::runtime_error(why.empty() ? "no memory for the conversations" : why);
        }
        auto context = std::make_unique<tutti_llama_context>();
        context->context = made;
        context->vocab = model->vocab;
        context->sequences = sequences;
        context->batch = llama_batch_init((int32_t)batch, 0, 1);
        context->batch_size = (int32_t)batch;
        ggml_threadpool_params pool = ggml_threadpool_params_default((int)threads);
        pool.poll = 0;  // waiting threads sleep: the machine has other work
        context->threads = ggml_threadpool_new(&pool);
        if (context->threads) llama_attach_threadpool(made, context->threads, context->threads);
        return context.release();
    });
}

void context_free(tutti_llama_context *context) {
    if (!context) return;
    llama_batch_free(context->batch);
    llama_free(context->context);
    if (context->threads) ggml_threadpool_free(context->threads);
    delete context;
}

int32_t decode(
    tutti_llama_context *context, const tutti_llama_entry *entries, size_t count, char *error, size_t size) {
    abort_guard guard;
    try {
        context->entries = 0;
        if (count == 0 || count > (size_t)context->batch_size) throw std::runtime_error("the batch has a wrong size");
        const int32_t vocabulary = llama_vocab_n_tokens(context->vocab);
        llama_batch &batch = context->batch;
        for (size_t i = 0; i < count; i++) {
            const tutti_llama_entry &entry = entries[i];
            if (entry.token < 0 || entry.token >= vocabulary || entry.sequence < 0 || entry.position < 0 ||
                (uint32_t)entry.sequence >= context->sequences) {
                throw std::runtime_error("an entry of the batch is out of range");
            }
            batch.token[i] = entry.token;
            batch.pos[i] = entry.position;
            batch.n_seq_id[i] = 1;
            batch.seq_id[i][0] = entry.sequence;
            batch.logits[i] = entry.output;
        }
        batch.n_tokens = (int32_t)count;
        const shared_pass pass(context->threads, entries[0].sequence != entries[count - 1].sequence);
        const int32_t status = llama_decode(context->context, batch);
        if (status == 1) {
            write_error(error, size, "no room left for the conversations");
            return TUTTI_LLAMA_NO_ROOM;
        }
        if (status != 0) throw std::runtime_error("the forward pass failed: " + take_logged_error());
        context->entries = (int32_t)count;
        return TUTTI_LLAMA_OK;
    } catch (const aborted &failure) {
        write_error(error, size, failure.what());
        return TUTTI_LLAMA_BROKEN;
    } catch (const std::exception &failure) {
        write_error(error, size, failure.what());
        return TUTTI_LLAMA_FAILED;
    }
}

void forget(tutti_llama_context *context, int32_t sequence) {
    if (sequence < 0 || (uint32_t)sequence >= context->sequences) return;
    guarded<bool>(false, nullptr, 0, [&] {
        return llama_memory_seq_rm(llama_get_memory(context->context), sequence, -1, -1);
    });
}
