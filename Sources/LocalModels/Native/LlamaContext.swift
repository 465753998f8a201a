// Ownership: context and sampler own their C objects and free them in `deinit`, on the engine's thread, the only one
// that uses them. A context that an abort left half-way is leaked on purpose: freeing it could hang.
internal import CShims

/// The memory of several conversations, and the forward pass over them.
@safe final class LlamaContext {
    let model: LlamaModel
    private let pointer: OpaquePointer
    private var isBroken = false
    private var entries: [tutti_llama_entry] = []

    init(model: LlamaModel, window: Int, slots: Int, batch: Int, threads: Int) throws(LlamaFailure) {
        guard let window = UInt32(exactly: window), let slots = UInt32(exactly: slots),
            let batch = UInt32(exactly: batch), let threads = UInt32(exactly: threads)
        else { throw LlamaFailure(reason: "the window or the number of conversations is out of range") }
        var error = LlamaError()
        let made = unsafe error.fill { buffer, size in
            unsafe model.library.table.context_new(model.handle, window, slots, batch, threads, buffer, size)
        }
        guard let made = unsafe made else { throw error.failure }
        self.model = model
        unsafe pointer = made
    }

    deinit { if !isBroken { unsafe model.library.table.context_free(pointer) } }

    func decode(_ batch: [BatchScheduler.Entry]) throws(LlamaFailure) {
        entries.removeAll(keepingCapacity: true)
        for entry in batch {
            entries.append(
                tutti_llama_entry(
                    token: entry.token, position: Int32(clamping: entry.position),
                    sequence: Int32(clamping: entry.slot),
                    output: entry.output))
        }
        var error = LlamaError()
        let status = unsafe error.fill { unsafe model.library.table.decode(pointer, entries, entries.count, $0, $1) }
        guard Int(status) != TUTTI_LLAMA_OK else { return }
        var failure = error.failure
        failure.broken = Int(status) == TUTTI_LLAMA_BROKEN
        isBroken = failure.broken
        throw failure
    }

    /// Forgets what a slot's last conversation left.
    func forget(slot: Int) { unsafe model.library.table.forget(pointer, Int32(clamping: slot)) }

    /// Samples after the entry at `index` of the last decode, with `top` likeliest tokens when asked for.
    func sample(_ sampler: LlamaSampler, index: Int, logprobs: Int?) throws(LlamaFailure) -> LlamaChoice {
        var choice = tutti_llama_choice()
        var top = [tutti_llama_choice](repeating: tutti_llama_choice(), count: logprobs ?? 0)
        var error = LlamaError()
        let status = unsafe error.fill { buffer, size in
            unsafe model.library.table.sample(
                sampler.handle, pointer, Int32(clamping: index), logprobs != nil, &choice, &top, top.count, buffer,
                size)
        }
        guard Int(status) == TUTTI_LLAMA_OK else { throw error.failure }
        return LlamaChoice(
            token: choice.token, logprob: Double(choice.logprob), top: top.map { ($0.token, Double($0.logprob)) })
    }
}

/// A sampled token.
struct LlamaChoice {
    var token: Int32
    var logprob: Double
    var top: [(token: Int32, logprob: Double)]
}

/// How one answer's tokens are drawn, and what it remembers of those before.
@safe final class LlamaSampler {
    private let model: LlamaModel
    private let pointer: OpaquePointer

    init(model: LlamaModel, request: LocalRequest, seed: UInt32, grammar: String?) throws(LlamaFailure) {
        var sampling = tutti_llama_sampling(
            temperature: Float(request.temperature), top_p: Float(request.topP),
            frequency_penalty: Float(request.frequencyPenalty), presence_penalty: Float(request.presencePenalty),
            seed: seed)
        var error = LlamaError()
        let made = unsafe error.fill { buffer, size in
            unsafe model.library.table.sampler_new(model.handle, &sampling, grammar, buffer, size)
        }
        guard let made = unsafe made else { throw error.failure }
        self.model = model
        unsafe pointer = made
    }

    deinit { unsafe model.library.table.sampler_free(pointer) }

    var handle: OpaquePointer { unsafe pointer }
}
