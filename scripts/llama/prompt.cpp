// A conversation to the tokens of the model's own chat template.
#include "internal.hpp"

#include "jinja/lexer.h"
#include "jinja/parser.h"
#include "json.h"

namespace {

/// What a model without a template of its own is given.
const char *const chatml =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

std::string text_of(const llama_vocab *vocab, llama_token token) {
    if (token == LLAMA_TOKEN_NULL) return "";
    const char *text = llama_vocab_get_text(vocab, token);
    return text ? text : "";
}

/// The system message moved into the first user message, for templates that have no place for it.
common_json without_system(const common_json &messages) {
    common_json result = common_json::array();
    std::string system;
    for (const auto &message : messages) {
        if (message.value("role", "") == "system") {
            system += message.value("content", "") + "\n\n";
            continue;
        }
        common_json copy = message;
        if (!system.empty() && message.value("role", "") == "user") {
            copy["content"] = system + message.value("content", "");
            system.clear();
        }
        result.push_back(std::move(copy));
    }
    return result;
}

/// Contents as lists of parts, for templates that read nothing else.
common_json with_parts(const common_json &messages) {
    common_json result = common_json::array();
    for (const auto &message : messages) {
        common_json part = common_json::object();
        part["type"] = "text";
        part["text"] = message.value("content", "");
        common_json parts = common_json::array();
        parts.push_back(std::move(part));
        common_json copy = message;
        copy["content"] = std::move(parts);
        result.push_back(std::move(copy));
    }
    return result;
}

/// Text and template in one pass, exactly as the model was trained, unless what a message says would become a control
/// token: then piece by piece, with the messages' own text as plain text.
std::vector<llama_token> tokens_of_parts(const llama_vocab *vocab, const std::vector<jinja::string_part> &parts) {
    std::string whole;
    bool plain = true;
    for (const auto &part : parts) {
        whole += part.val;
        if (part.is_input && tokens_of(vocab, part.val, true) != tokens_of(vocab, part.val, false)) plain = false;
    }
    if (plain) return tokens_of(vocab, whole, true);
    std::vector<llama_token> tokens;
    for (const auto &part : parts) {
        auto more = tokens_of(vocab, part.val, !part.is_input);
        tokens.insert(tokens.end(), more.begin(), more.end());
    }
    return tokens;
}

}  // namespace

std::unique_ptr<chat_template> load_chat_template(const llama_model *model) {
    const char *own = llama_model_chat_template(model, nullptr);
    const llama_vocab *vocab = llama_model_get_vocab(model);
    auto chat = std::make_unique<chat_template>();
    jinja::lexer lexer;
    auto lexed = lexer.tokenize(own ? own : chatml);
    chat->program = jinja::parse_from_tokens(lexed);
    chat->source = lexed.source;
    chat->caps = jinja::caps_get(chat->program);
    chat->bos = text_of(vocab, llama_vocab_bos(vocab));
    chat->eos = text_of(vocab, llama_vocab_eos(vocab));
    return chat;
}

std::vector<llama_token> render_prompt(const tutti_llama_model *model, const std::string &text) {
    if (!model->chat) throw std::runtime_error("the model's chat template cannot be read: " + model->chat_error);
    const chat_template &chat = *model->chat;
    common_json messages = common_json::parse(text);
    if (!chat.caps.supports_system_role) messages = without_system(messages);
    if (chat.caps.supports_typed_content && !chat.caps.supports_string_content) messages = with_parts(messages);

    jinja::context context(chat.source);
    common_json input = common_json::object();
    input["messages"] = messages;
    input["bos_token"] = chat.bos;
    input["eos_token"] = chat.eos;
    input["add_generation_prompt"] = true;
    input["enable_thinking"] = false;
    jinja::global_from_json(context, input, true);
    jinja::runtime runtime(context);
    auto parts = jinja::runtime::gather_string_parts(runtime.execute(chat.program));

    auto tokens = tokens_of_parts(model->vocab, parts->val_str.parts);
    const llama_token bos = llama_vocab_bos(model->vocab);
    if (llama_vocab_get_add_bos(model->vocab) && bos != LLAMA_TOKEN_NULL && (tokens.empty() || tokens[0] != bos)) {
        tokens.insert(tokens.begin(), bos);
    }
    return tokens;
}
