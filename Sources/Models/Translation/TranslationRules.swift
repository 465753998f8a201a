/// What becomes of one field or part when it goes from one dialect to the other. The encoders follow these rules, and
/// `docs/translation.md` is made from them.
public struct TranslationRule: Sendable {
    /// Where the field stands.
    public enum Place: String, Sendable, CaseIterable {
        case request, message, answer
    }

    public enum Outcome: String, Sendable, CaseIterable {
        /// Arrives with its value, under the name that the other dialect has for it.
        case kept
        /// Arrives in another form, which the note tells.
        case changed
        /// Left out: the other dialect has nothing for it, and the answer can do without.
        case dropped
        /// The request is refused with the field's `param`, for without it the meaning would be another.
        case refused
    }

    public let place: Place
    /// What it is, whichever dialect says it. Unique.
    public let field: String
    /// Its name in each dialect; `nil` where a dialect has none.
    public let openAI: String?
    public let anthropic: String?
    /// From OpenAI's dialect to Anthropic's, and back; `nil` where the dialect that it would come from has none.
    public let toAnthropic: Outcome?
    public let toOpenAI: Outcome?
    /// Exceptions and forms, in sentences; may be empty.
    public let note: String

    init(
        _ place: Place, _ field: String, openAI: String? = nil, anthropic: String? = nil, toAnthropic: Outcome? = nil,
        toOpenAI: Outcome? = nil, _ note: String = ""
    ) {
        self.place = place
        self.field = field
        self.openAI = openAI
        self.anthropic = anthropic
        self.toAnthropic = toAnthropic
        self.toOpenAI = toOpenAI
        self.note = note
    }

    /// Every rule, in the order of the documentation.
    public static let all: [TranslationRule] = requests + messages + answers

    static let requests: [TranslationRule] = [
        .init(
            .request, "model", openAI: "model", anthropic: "model", toAnthropic: .changed, toOpenAI: .changed,
            "The target's name at its provider."),
        .init(
            .request, "streaming", openAI: "stream", anthropic: "stream", toAnthropic: .kept, toOpenAI: .kept),
        .init(
            .request, "usage in a stream", openAI: "stream_options", toAnthropic: .dropped,
            "Anthropic always tells it; the client sees it if it asked."),
        .init(
            .request, "most tokens of the answer", openAI: "max_tokens, max_completion_tokens",
            anthropic: "max_tokens", toAnthropic: .kept, toOpenAI: .kept,
            "Anthropic must have one: without it, the most that the catalogue knows of the model, else 4096. "
                + "Raised where thinking would take all of it."),
        .init(
            .request, "temperature", openAI: "temperature", anthropic: "temperature", toAnthropic: .kept,
            toOpenAI: .kept,
            "Over 1, which OpenAI's dialect allows, it is refused. Dropped where the model thinks, and for models that "
                + "refuse it by the catalogue: Claude from 4.7 on, and OpenAI's that think."),
        .init(
            .request, "top_p", openAI: "top_p", anthropic: "top_p", toAnthropic: .kept, toOpenAI: .kept,
            "Dropped as the temperature is; for Claude under 0.95 where the model thinks, and beside a temperature for "
                + "models that take one of the two, 4.1 to 4.6."),
        .init(.request, "top_k", anthropic: "top_k", toOpenAI: .dropped),
        .init(
            .request, "stop sequences", openAI: "stop", anthropic: "stop_sequences", toAnthropic: .kept,
            toOpenAI: .kept, "Empty ones are left out; one of white space alone is refused by Anthropic."),
        .init(.request, "seed", openAI: "seed", toAnthropic: .dropped),
        .init(
            .request, "penalties", openAI: "frequency_penalty, presence_penalty", toAnthropic: .dropped),
        .init(.request, "biases of tokens", openAI: "logit_bias", toAnthropic: .dropped),
        .init(
            .request, "several answers", openAI: "n", toAnthropic: .refused, "One is what every request means."),
        .init(
            .request, "log-probabilities", openAI: "logprobs, top_logprobs", toAnthropic: .refused),
        .init(
            .request, "end user", openAI: "user", anthropic: "metadata.user_id", toAnthropic: .kept,
            toOpenAI: .kept),
        .init(
            .request, "metadata", openAI: "metadata", toAnthropic: .dropped,
            "For the provider's own records."),
        .init(
            .request, "text as the answer", openAI: "response_format.type text", toAnthropic: .dropped,
            "It is what a request means without a format."),
        .init(
            .request, "any JSON as the answer", openAI: "response_format.type json_object", toAnthropic: .changed,
            "The answer's tool, as below, with the schema of any object."),
        .init(
            .request, "a JSON schema of the answer", openAI: "response_format.type json_schema",
            anthropic: "output_config.format, output_format", toAnthropic: .changed, toOpenAI: .changed,
            "The schema itself is kept; its name and strict have no place with Anthropic, which refuses it without a "
                + "schema. Where the catalogue knows that the model has none, in the same dialect too, and for clients of "
                + "another where it does not know a Claude whose name is of none since 4.5, the schema is that of a tool's "
                + "arguments, within an object as answer if it is not one's; refused where the model has no tools "
                + "either. The model must call that tool, or any if it may call the client's as well; one that takes "
                + "no orders is asked to. It does not think before, for Anthropic has no thinking with a forced tool "
                + "and the form is what the client counts on. Left out where the client forces a tool of its own."),
        .init(
            .request, "thinking", openAI: "reasoning_effort, reasoning.effort",
            anthropic: "thinking, output_config.effort",
            toAnthropic: .changed, toOpenAI: .changed,
            "For Claude from 4.6 on, adaptive thinking with the effort; for earlier ones minimal and low are a budget "
                + "of 1024 tokens, medium of 4096, high and above of 16,384; none is no thinking. Back, under 4096 is "
                + "low, under 16,384 medium, and an effort is what it says. A word that the model does not take by the "
                + "catalogue is the next lower that it takes, else the next higher; none for a model that always "
                + "thinks is its least. The budget comes on top of the answer's tokens where it would take all of "
                + "them, within the model's limit; with less than 1024 left there is none. Dropped with a forced "
                + "tool; a budget also where the last assistant's message has calls without its signed thoughts, or is "
                + "the beginning of the answer; and with functions for OpenAI's models that take them only "
                + "without."),
        .init(
            .request, "thinking as the model sees fit", anthropic: "thinking.type adaptive", toOpenAI: .dropped,
            "Models of OpenAI's dialect do so by themselves."),
        .init(
            .request, "functions", openAI: "tools[].function", anthropic: "tools[]", toAnthropic: .kept,
            toOpenAI: .kept,
            "Name, description, schema and strict. For Anthropic, a missing schema is an empty object's, and a "
                + "schema without a type is given the type object."),
        .init(
            .request, "cache mark on a tool", anthropic: "tools[].cache_control", toOpenAI: .dropped),
        .init(
            .request, "early arguments", openAI: "tools[].eager_input_streaming",
            anthropic: "tools[].eager_input_streaming", toAnthropic: .dropped, toOpenAI: .dropped),
        .init(
            .request, "tools that are no functions", openAI: "tools[].type", anthropic: "tools[].type",
            toAnthropic: .refused, toOpenAI: .refused, "The provider runs them: search, code, custom grammars."),
        .init(
            .request, "functions in their old form", openAI: "functions, function_call", toAnthropic: .refused),
        .init(
            .request, "choice of tools", openAI: "tool_choice", anthropic: "tool_choice", toAnthropic: .changed,
            toOpenAI: .changed,
            "none, auto, required and a function are none, auto, any and a tool. Dropped without tools. One that "
                + "forces a call is refused for models that refuse it by the catalogue."),
        .init(
            .request, "choice among allowed tools", openAI: "tool_choice.type allowed_tools", toAnthropic: .refused),
        .init(
            .request, "one call at a time", openAI: "parallel_tool_calls",
            anthropic: "tool_choice.disable_parallel_tool_use", toAnthropic: .changed, toOpenAI: .changed,
            "Stands in the choice of tools, which is auto if there is none. Dropped without tools, or if none may be "
                + "called."),
        .init(
            .request, "cache mark on the whole prompt", anthropic: "cache_control", toOpenAI: .dropped,
            "Providers of OpenAI's dialect cache by themselves."),
        .init(
            .request, "tools on other servers", anthropic: "mcp_servers", toOpenAI: .refused),
        .init(
            .request, "version of the interface", anthropic: "anthropic-version (header)", toOpenAI: .dropped,
            "A provider of the same dialect is told the client's, any other body is of 2023-06-01. What is no version, "
                + "or one before that, is refused."),
        .init(
            .request, "container", anthropic: "container", toOpenAI: .refused,
            "A machine on which the provider runs code."),
        .init(
            .request, "class of service", openAI: "service_tier", anthropic: "service_tier", toAnthropic: .dropped,
            toOpenAI: .dropped, "Each provider has its own."),
        .init(
            .request, "fields of one provider alone",
            openAI: "store, prompt_cache_key, prompt_cache_retention, safety_identifier, moderation, verbosity, "
                + "prediction, provider, models, transforms, reasoning_format, search_settings",
            anthropic: "anthropic-beta (header)", toAnthropic: .dropped, toOpenAI: .dropped),
        .init(
            .request, "speech and search in the answer", openAI: "modalities, audio, web_search_options",
            toAnthropic: .dropped, "Not read; the answer is text."),
    ]
}
