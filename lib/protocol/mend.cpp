// SPDX-License-Identifier: Apache-2.0
#include "protocol/mend.hpp"

#include "base/utf8.hpp"
#include "protocol/json_check.hpp"
#include "protocol/json_string.hpp"
#include "protocol/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace gemini::live::protocol {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Replaces each unpaired surrogate with an escape of the same length.
void mend_surrogates(std::string& text)
{
    constexpr std::size_t escape = 6;
    for (auto at = text.find('\\'); at != text.npos; at = text.find('\\', at)) {
        const auto unit = code_unit_at(text, at);
        if (!unit) {
            at += 2; // also over a second backslash
            continue;
        }
        const auto next = code_unit_at(text, at + escape);
        if (unit->is_high() && next && next->is_low()) {
            at += 2 * escape;
            continue;
        }
        if (unit->is_high() || unit->is_low()) text.replace(at + 2, 4, "fffd");
        at += escape;
    }
}

/// Whether `text` is a number in JSON's grammar.
bool is_number_text(std::string_view text)
{
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
        const auto begin = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        return at - begin;
    };
    const bool zero = text.substr(at).starts_with('0');
    const auto whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (text.substr(at).starts_with('.') && (++at, digits() == 0)) return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (digits() == 0) return false;
    }
    return at == text.size();
}

/// `number` must be in JSON's grammar. A number that is too small for a double counts as 0.
bool fits_double(std::string_view number)
{
    double value = 0;
    const char* const end = number.data() + number.size();
    if (std::from_chars(number.data(), end, value).ec == std::errc()) return true;
    const auto e = std::min(number.find_first_of("eE"), number.size());
    const auto mantissa = number.substr(0, e);
    const auto point = std::min(mantissa.find('.'), mantissa.size());
    const auto first = mantissa.find_first_of("123456789");
    if (first == mantissa.npos) return true;
    std::int64_t exponent = 0;
    if (e != number.size()) {
        const char* const begin = number.data() + e + (number[e + 1] == '+' ? 2 : 1);
        if (std::from_chars(begin, end, exponent).ec != std::errc()) return *begin == '-';
    }
    // Computes the power of ten of the first digit. `exponent` may be the smallest integer that
    // exists.
    return static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) <= -(exponent + 1);
}

/// Walks a text and copies what is in order. It keeps its own stack, so that any nesting depth is
/// safe.
class mender {
public:
    explicit mender(std::string_view text) : left_(text) { out_.text.reserve(text.size() + 16); }

    std::optional<mended_json> run()
    {
        if (!walk()) return std::nullopt;
        blank();
        if (!left_.empty()) return std::nullopt;
        return std::move(out_);
    }

private:
    /// Reads one value, including everything inside it.
    bool walk()
    {
        do {
            if (!value()) return false;
            while (!open_.empty() && closes()) {
            }
            if (!open_.empty() && !separates()) return false;
        } while (!open_.empty());
        return true;
    }

    /// Reads a scalar, or all opening brackets (and first names) that precede one.
    bool value()
    {
        for (;;) {
            blank();
            if (left_.empty()) return false;
            const char c = left_.front();
            if (c != '{' && c != '[') return scalar();
            open(c);
            blank();
            if (left_.starts_with(open_.back())) return true; // empty object or array
            if (c == '{' && !name()) return false;
        }
    }

    void open(char bracket)
    {
        if (open_.size() == max_json_depth) {
            out_.cuts.push_back(out_.text.size());
            out_.text += "null";
        }
        open_ += bracket == '{' ? '}' : ']';
        take(1);
    }

    /// Consumes a closing bracket, if there is one.
    bool closes()
    {
        blank();
        if (left_.empty() || left_.front() != open_.back()) return false;
        take(1);
        open_.pop_back();
        return true;
    }

    bool separates()
    {
        if (!left_.starts_with(',')) return false;
        take(1);
        return open_.back() == ']' || name();
    }

    bool name()
    {
        blank();
        if (!left_.starts_with('"') || !string()) return false;
        blank();
        if (!left_.starts_with(':')) return false;
        take(1);
        return true;
    }

    bool scalar()
    {
        if (left_.front() == '"') return string();
        const auto size = std::min(left_.find_first_of(" \t\r\n,:[]{}\""), left_.size());
        const auto token = left_.substr(0, size);
        if (token.empty()) return false;
        const bool is_word = token == "true" || token == "false" || token == "null";
        if (is_word || (is_number_text(token) && fits_double(token))) {
            take(size);
            return true;
        }
        std::string quoted;
        return append_json_string(quoted, token) && replace(size, quoted);
    }

    /// Copies a string, escaping characters that must not appear unescaped.
    bool string()
    {
        std::size_t at = 1;
        while (at < left_.size() && left_[at] != '"') {
            const char c = left_[at];
            if (static_cast<unsigned char>(c) < 0x20) {
                take(at);
                if (!replace(1, control_escape(c))) return false;
                at = 0;
            } else if (c == '\\' && !is_escape_at(at)) {
                take(at);
                if (!replace(1, "\\\\")) return false;
                at = 0;
            } else {
                at += c == '\\' ? 2 : 1;
            }
        }
        if (at >= left_.size()) return false;
        take(at + 1);
        return true;
    }

    [[nodiscard]] bool is_escape_at(std::size_t at) const
    {
        constexpr std::string_view known = "\"\\/bfnrt";
        return at + 1 < left_.size() &&
               (known.find(left_[at + 1]) != known.npos || code_unit_at(left_, at));
    }

    static std::string control_escape(char c)
    {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto code = static_cast<unsigned char>(c);
        return {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 0xf]};
    }

    /// Returns false once the text has grown too much: it is then not merely a message with a
    /// fault.
    bool replace(std::size_t size, std::string_view with)
    {
        if (!is_cut()) out_.text += with;
        left_.remove_prefix(size);
        growth_ += with.size() - size;
        return growth_ <= most_growth;
    }

    void blank() { take(std::min(left_.find_first_not_of(" \t\r\n"), left_.size())); }

    [[nodiscard]] bool is_cut() const { return open_.size() > max_json_depth; }

    /// Consumes text and copies it, except where nesting is too deep.
    void take(std::size_t size)
    {
        if (!is_cut()) out_.text += left_.substr(0, size);
        left_.remove_prefix(size);
    }

    static constexpr std::size_t most_growth = 256 * 1024;

    std::string_view left_;
    std::size_t growth_ = 0;
    mended_json out_{};
    std::string open_{}; // the closing brackets still expected
};

} // namespace

std::string mend_characters(std::string_view text)
{
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    auto mended = base::is_utf8(text) ? std::string(text) : base::mend_utf8(text);
    mend_surrogates(mended);
    return mended;
}

std::optional<mended_json> mend_json(std::string_view text)
{
    if (text.size() > longest_to_mend) return std::nullopt;
    return mender(text).run();
}

} // namespace gemini::live::protocol
