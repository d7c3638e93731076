// SPDX-License-Identifier: Apache-2.0
#include "transport/http_answer.hpp"

#include "base/ascii.hpp"
#include "transport/http_fields.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace gemini::live::transport {
namespace {

constexpr std::size_t longest_line = 4u << 10; // between chunks

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r";
    const auto begin = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Returns the position after the empty line that ends a head; 0 while that line has not arrived.
/// The first `searched` bytes are known not to contain it.
std::size_t end_of_head(std::string_view head, std::size_t searched)
{
    constexpr std::size_t longest_end = 3; // "\n\r\n"
    const auto from = searched - std::min(searched, longest_end - 1);
    for (auto at = head.find('\n', from); at != head.npos; at = head.find('\n', at + 1)) {
        const auto rest = head.substr(at + 1);
        if (rest.starts_with('\n')) return at + 2;
        if (rest.starts_with("\r\n")) return at + 3;
    }
    return 0;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base)
{
    const auto* const end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, number, base);
    return failed == std::errc() && stopped == end && !text.empty();
}

} // namespace

std::string_view http_answer::field(std::string_view name) const noexcept
{
    return header_of(fields_, name);
}

std::string_view http_answer::body() const noexcept
{
    const auto coding = field("content-encoding");
    return coding.empty() || coding == "identity" ? std::string_view(body_) : std::string_view();
}

std::vector<std::string_view> http_answer::all_of(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const auto& [each, value] : fields_)
        if (each == name) values.emplace_back(value);
    return values;
}

bool http_answer::feed(std::string_view& piece)
{
    while (!piece.empty() && stage_ != stage::done) {
        switch (stage_) {
        case stage::head: take_head(piece); break;
        case stage::body:
        case stage::chunk: take_body(piece); break;
        case stage::chunk_size:
        case stage::chunk_end:
        case stage::trailers: take_line(piece); break;
        case stage::done: break;
        }
    }
    return stage_ == stage::done;
}

void http_answer::limit_body(std::size_t most) noexcept
{
    most_of_body_ = most;
    if (body_.size() > most) finish(ending::too_long);
}

void http_answer::take_head(std::string_view& piece)
{
    const auto before = head_.size();
    const auto longest = longest_head - interim_;
    head_.append(piece.substr(0, longest - before));
    if (!std::string_view(head_).starts_with(std::string_view("HTTP/").substr(0, head_.size())))
        return finish(ending::broken);
    const auto end = end_of_head(head_, before);
    if (end == 0) {
        piece.remove_prefix(std::min(piece.size(), longest - before));
        if (head_.size() < longest) return;
        read_head(); // as much as there is
        return finish(ending::broken);
    }
    piece.remove_prefix(end - before);
    head_.resize(end);
    whole_head_ = true;
    read_head();
}

void http_answer::read_head()
{
    fields_.clear();
    std::string_view rest = head_;
    const auto next_line = [&rest] {
        const auto end = std::min(rest.find('\n'), rest.size());
        const auto line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        return line;
    };
    read_status_line(next_line());
    while (!rest.empty()) {
        const auto line = next_line();
        const auto colon = line.find(':');
        if (colon != line.npos)
            fields_.emplace_back(
                base::lowered(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
    }
    const auto size = std::exchange(head_, {}).size();
    const bool is_interim = status_ >= 100 && status_ < 200 && status_ != 101;
    if (!is_interim) return begin_body();
    interim_ += size; // another head follows
    whole_head_ = false;
    status_ = 0;
}

/// Chooses what ends the body, by RFC 9112, 6.3.
void http_answer::begin_body()
{
    if (status_ == 0) return finish(ending::broken);
    const auto length = field("content-length");
    const bool opens_tunnel = answered_ == request::connect && status_ / 100 == 2;
    if (has_no_body(status_) || opens_tunnel) return finish(ending::whole);
    stage_ = stage::body;
    left_ = std::numeric_limits<std::size_t>::max();
    if (base::lowered(field("transfer-encoding")).ends_with("chunked"))
        stage_ = stage::chunk_size;
    else if (length.empty())
        ends_with_connection_ = true;
    else if (!read_number(length, left_, 10))
        finish(ending::broken);
    else if (left_ == 0)
        finish(ending::whole);
}

void http_answer::read_status_line(std::string_view line)
{
    const auto blank = std::min(line.find(' '), line.size());
    version_ = line.substr(0, blank);
    line = trimmed(line.substr(blank));
    if (!read_number(line.substr(0, 3), status_, 10) || status_ < 100) status_ = 0;
    status_text_ = trimmed(line.substr(std::min<std::size_t>(3, line.size())));
}

void http_answer::take_body(std::string_view& piece)
{
    const auto size = std::min(left_, piece.size());
    const auto room = most_of_body_ - body_.size();
    body_.append(piece.substr(0, std::min(size, room)));
    piece.remove_prefix(size);
    left_ -= size;
    if (size > room) return finish(ending::too_long);
    if (left_ != 0) return;
    if (stage_ != stage::chunk) return finish(ending::whole);
    stage_ = stage::chunk_end;
}

/// Consumes a line between chunks, or behind the last one, or a part of it.
void http_answer::take_line(std::string_view& piece)
{
    const auto end = std::min(piece.find('\n'), piece.size());
    const bool is_whole = end < piece.size();
    line_.append(piece.substr(0, std::min(end, longest_line)));
    piece.remove_prefix(is_whole ? end + 1 : end);
    if (line_.size() >= longest_line) return finish(ending::broken);
    if (is_whole) {
        const auto line = std::exchange(line_, {});
        read_line(trimmed(line));
    }
}

void http_answer::read_line(std::string_view line)
{
    if (stage_ == stage::trailers) {
        if (line.empty()) finish(ending::whole);
    } else if (stage_ == stage::chunk_end) {
        if (!line.empty()) return finish(ending::broken);
        stage_ = stage::chunk_size;
    } else if (!read_number(trimmed(line.substr(0, line.find(';'))), left_, 16)) {
        finish(ending::broken);
    } else {
        stage_ = left_ == 0 ? stage::trailers : stage::chunk;
    }
}

void http_answer::finish(ending how) noexcept
{
    stage_ = stage::done;
    end_ = how;
}

} // namespace gemini::live::transport
