// Three functions that llama.cpp's grammar maker takes from the rest of its tools, which are not built here.
#include <string>
#include <vector>

std::string string_join(const std::vector<std::string> &values, const std::string &separator) {
    std::string result;
    for (size_t i = 0; i < values.size(); i++) {
        if (i > 0) result += separator;
        result += values[i];
    }
    return result;
}

std::vector<std::string> string_split(const std::string &text, const std::string &separator) {
    std::vector<std::string> parts;
    size_t start = 0;
    for (size_t end; (end = text.find(separator, start)) != std::string::npos; start = end + separator.size()) {
        parts.push_back(text.substr(start, end - start));
    }
    parts.push_back(text.substr(start));
    return parts;
}

std::string string_repeat(const std::string &text, size_t count) {
    std::string result;
    result.reserve(text.size() * count);
    for (size_t i = 0; i < count; i++) result += text;
    return result;
}
