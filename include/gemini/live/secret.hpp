// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>
#include <utility>

namespace gemini::live {

/// Text that nobody is to see. It does not print, and its bytes are overwritten when it dies or
/// gets another value.
class secret {
public:
    secret() = default;
    explicit secret(std::string text) : text_(std::move(text)) { wipe(text); }
    secret(const secret&) = default;
    secret(secret&& other) noexcept { text_.swap(other.text_); }
    secret& operator=(const secret& other) { return *this = secret(other); }
    secret& operator=(secret&& other) noexcept
    {
        text_.swap(other.text_);
        if (this != &other) wipe(other.text_);
        return *this;
    }
    ~secret() { wipe(text_); }

    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    /// The text itself. Do not print it; copies are not overwritten.
    [[nodiscard]] const std::string& reveal() const noexcept { return text_; }

    /// Overwrites all bytes that `text` owns, and empties it.
    static void wipe(std::string& text) noexcept;

    friend bool operator==(const secret&, const secret&) = default;
    template <class Character, class Traits>
    friend std::basic_ostream<Character, Traits>& operator<<(
        std::basic_ostream<Character, Traits>&, const secret&) = delete;

private:
    std::string text_;
};

} // namespace gemini::live
