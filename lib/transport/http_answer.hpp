// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/exported.hpp"
#include "transport/transport.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::transport {

/// Whether an answer of this status has no body, by RFC 9112, 6.3.
[[nodiscard]] constexpr bool has_no_body(int status) noexcept
{
    return status < 200 || status == 204 || status == 304;
}

/// Reads the answer to an HTTP/1.1 request in pieces, wherever they are cut. Interim answers before
/// it are skipped. What exceeds its bounds is not kept. An answer that does not begin like HTTP has
/// the status 0 and ends at once. Pure.
class GEMINI_LIVE_FOR_EMULATOR http_answer {
public:
    static constexpr std::size_t longest_head = 64u << 10; ///< With those of interim answers.
    static constexpr std::size_t longest_body = 64u << 10; ///< Unless another bound is given.

    /// What the answer is to: success has no body when it answers CONNECT.
    enum class request { any, connect };
    enum class ending {
        none,     ///< More may come.
        whole,    ///< It has ended as it announced.
        too_long, ///< Its body exceeds the bound.
        broken,   ///< It is not HTTP, or its head exceeds the bound.
    };

    explicit http_answer(
        request answered = request::any, std::size_t most_of_body = longest_body) noexcept
        : answered_(answered), most_of_body_(most_of_body)
    {
    }

    /// Consumes its own bytes from the front of `piece`. Returns true once it wants nothing more.
    bool feed(std::string_view& piece);

    /// Changes the bound of the body, also for what has arrived of it.
    void limit_body(std::size_t most) noexcept;

    [[nodiscard]] ending end() const noexcept { return end_; }
    /// Whether the end of the connection is the only end that it has announced.
    [[nodiscard]] bool ends_with_connection() const noexcept { return ends_with_connection_; }

    [[nodiscard]] bool has_head() const noexcept { return stage_ != stage::head; }
    /// Whether the whole head has arrived. Stays false for a head that exceeds its bound.
    [[nodiscard]] bool has_whole_head() const noexcept { return whole_head_; }
    /// For example "HTTP/1.1".
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] const std::string& status_text() const noexcept { return status_text_; }
    /// The value of a field, by its name in lower case; empty when absent.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
    /// All of them, in order, with names in lower case.
    [[nodiscard]] const headers& fields() const noexcept { return fields_; }
    /// The values of all fields with this name, in order.
    [[nodiscard]] std::vector<std::string_view> all_of(std::string_view name) const;
    /// The body, as far as it has arrived; empty if its coding is not known.
    [[nodiscard]] std::string_view body() const noexcept;
    /// Likewise, whatever its coding, without what was taken before. The bound applies to what has
    /// not been taken.
    [[nodiscard]] std::string take_body() noexcept { return std::exchange(body_, {}); }

private:
    enum class stage { head, body, chunk_size, chunk, chunk_end, trailers, done };

    void take_head(std::string_view& piece);
    void read_head();
    void read_status_line(std::string_view line);
    void begin_body();
    void take_body(std::string_view& piece);
    void take_line(std::string_view& piece);
    void read_line(std::string_view line);
    void finish(ending how) noexcept;

    request answered_;
    std::size_t most_of_body_;
    stage stage_ = stage::head;
    ending end_ = ending::none;
    bool ends_with_connection_ = false;
    std::string head_;
    std::size_t interim_ = 0; ///< Bytes of heads before it.
    bool whole_head_ = false;
    std::string version_;
    int status_ = 0;
    std::string status_text_;
    headers fields_;
    std::string body_;
    std::size_t left_ = 0; ///< Of the body or the chunk.
    std::string line_;     ///< One of those between chunks.
};

} // namespace gemini::live::transport
