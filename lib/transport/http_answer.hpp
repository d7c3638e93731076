// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/transport.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::transport {

/// Whether an answer of this status has no body, by RFC 9112, 6.3.
[[nodiscard]] constexpr bool has_no_body(int status) noexcept
{
    return status < 200 || status == 204 || status == 304;
}

/// Reads the answer to an HTTP/1.1 request in pieces, wherever they are cut. What exceeds its
/// bounds is not kept; the answer then counts as complete. An answer that does not begin like HTTP
/// has the status 0 and ends at once. Pure.
class http_answer {
public:
    static constexpr std::size_t longest_head = 64u << 10;
    static constexpr std::size_t longest_body = 64u << 10;

    /// Consumes its own bytes from the front of `piece`. Returns true once it wants nothing more.
    bool feed(std::string_view& piece);

    [[nodiscard]] bool has_head() const noexcept { return stage_ != stage::head; }
    /// Whether the whole head has arrived. Stays false for a head that exceeds its bound.
    [[nodiscard]] bool has_whole_head() const noexcept { return whole_head_; }
    /// For example "HTTP/1.1".
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] const std::string& status_text() const noexcept { return status_text_; }
    /// The value of a field, by its name in lower case; empty when absent.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
    /// The values of all fields with this name, in order.
    [[nodiscard]] std::vector<std::string_view> all_of(std::string_view name) const;
    /// The body, as far as it has arrived; empty if its coding is not known.
    [[nodiscard]] std::string_view body() const noexcept;

private:
    enum class stage { head, body, chunk_size, chunk, chunk_end, done };

    void take_head(std::string_view& piece);
    void read_head();
    void read_status_line(std::string_view line);
    void take_body(std::string_view& piece);
    void take_chunk_size(std::string_view& piece);

    stage stage_ = stage::head;
    std::string head_;
    bool whole_head_ = false;
    std::string version_;
    int status_ = 0;
    std::string status_text_;
    headers fields_;
    std::string body_;
    std::size_t left_ = 0; ///< Of the body or the chunk.
    std::string line_;     ///< The line with a chunk's size.
};

} // namespace gemini::live::transport
