// SPDX-License-Identifier: Apache-2.0
#include "emulator/persona/builtin_tools.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace gemini::live::emulator {
namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Consumes "12" or " 1.5" at the front of `text`.
std::optional<double> take_number(std::string_view& text)
{
    auto rest = text;
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::size_t size = 0;
    while (size < rest.size() && size < 15 &&
           (is_digit(rest[size]) ||
               (rest[size] == '.' && size + 1 < rest.size() && is_digit(rest[size + 1]))))
        ++size;
    if (size == 0) return std::nullopt;
    text = rest.substr(size);
    return std::strtod(std::string(rest.substr(0, size)).c_str(), nullptr);
}

std::optional<char> take_operator(std::string_view& text)
{
    const auto at = text.find_first_not_of(' ');
    if (at == std::string_view::npos) return std::nullopt;
    const char c = text[at];
    if (std::string_view("+-*/").find(c) == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + 1);
    return c;
}

/// Evaluates products first. There is one more number than operators.
double evaluate(std::vector<double> numbers, const std::string& operators)
{
    double total = 0, term = numbers[0];
    for (std::size_t i = 0; i < operators.size(); ++i) {
        const double next = numbers[i + 1];
        switch (operators[i]) {
        case '*': term *= next; break;
        case '/': term /= next; break;
        default: total += term; term = operators[i] == '-' ? -next : next;
        }
    }
    return total + term;
}

reply run_code(const sum& wanted)
{
    const auto printed = fmt::format("{:.10g}", wanted.value);
    reply result = in_words(fmt::format("{} is {}.", wanted.text, printed));
    auto& code = result.work.emplace_back().executable_code.emplace();
    code.language = code_language::python;
    code.code = fmt::format("print({})", wanted.text);
    auto& run = result.work.emplace_back().code_execution_result.emplace();
    run.outcome = code_outcome::ok;
    run.output = printed + '\n';
    return result;
}

std::optional<std::string> find_address(std::string_view words)
{
    for (const std::string_view scheme : {"https://", "http://"}) {
        const auto at = words.find(scheme);
        if (at == std::string_view::npos) continue;
        const auto address = words.substr(at);
        return std::string(trimmed(address.substr(0, address.find_first_of(" \t\r\n\"<>"))));
    }
    return std::nullopt;
}

reply read_page(std::string address)
{
    reply result = in_words(fmt::format("I would have read {}, had I a way out of this machine. "
                                        "Let us say that it is well written.",
        address));
    auto& page = result.pages.emplace().url_metadata.emplace_back();
    page.retrieved_url = std::move(address);
    page.url_retrieval_status = url_retrieval_status::success;
    return result;
}

/// Attributes the whole answer to the first source.
void support(grounding_metadata& grounding, const std::string& words)
{
    auto& support = grounding.grounding_supports.emplace_back();
    auto& segment = support.segment.emplace();
    segment.end_index = static_cast<int>(words.size());
    segment.text = words;
    support.grounding_chunk_indices = {0};
    support.confidence_scores = {0.9};
}

reply search(std::string_view words)
{
    const auto query = std::string(trimmed(words));
    reply result = in_words("I found one page about that, and it is made up: the emulator does "
                            "not leave this machine.");
    auto& grounding = result.grounding.emplace();
    auto& web = grounding.grounding_chunks.emplace_back().web.emplace();
    web.uri = "https://search.example/emulated";
    web.title = "search.example";
    support(grounding, result.words);
    grounding.search_entry_point.emplace().rendered_content =
        "<div><a href=\"https://search.example/\">search.example</a></div>";
    grounding.web_search_queries = {query};
    return result;
}

reply look_at_map()
{
    reply result = in_words("There is one just around the corner, says a map that I made up.");
    auto& grounding = result.grounding.emplace();
    auto& place = grounding.grounding_chunks.emplace_back().maps.emplace();
    place.uri = "https://maps.example/emulated";
    place.title = "The Corner";
    place.place_id = "places/emulated";
    support(grounding, result.words);
    grounding.google_maps_widget_context_token = "emulated-widget";
    return result;
}

} // namespace

std::optional<sum> find_sum(std::string_view words)
{
    constexpr std::size_t most_numbers = 20;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (!is_digit(words[at])) continue;
        auto rest = words.substr(at);
        std::vector<double> numbers{*take_number(rest)};
        std::string operators;
        auto end = rest;
        while (numbers.size() < most_numbers) {
            const auto sign = take_operator(rest);
            const auto next = sign ? take_number(rest) : std::nullopt;
            if (!next) break;
            operators += *sign;
            numbers.push_back(*next);
            end = rest;
        }
        const auto text = words.substr(at, words.size() - at - end.size());
        if (operators.empty()) {
            at += text.size();
            continue;
        }
        const double value = evaluate(std::move(numbers), operators);
        if (std::isfinite(value)) return sum{std::string(text), value};
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<reply> use_tool(std::string_view words, const toolbox& tools)
{
    constexpr std::array<std::string_view, 9> searching{"search", "look up", "google", "find out",
        "latest", "news", "who won", "score", "stock price"};
    constexpr std::array<std::string_view, 6> placing{
        "near me", "nearest", "nearby", "where is", "directions", "restaurant"};
    const auto text = lower(words);
    if (tools.reads_pages)
        if (auto address = find_address(words)) return read_page(std::move(*address));
    if (tools.runs_code)
        if (const auto wanted = find_sum(words)) return run_code(*wanted);
    if (tools.knows_places && says_any(text, placing)) return look_at_map();
    if (tools.searches && says_any(text, searching)) return search(words);
    return std::nullopt;
}

} // namespace gemini::live::emulator
