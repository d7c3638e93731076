// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>
#include <utility>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Text that must not be shown. It cannot be printed. Its bytes are overwritten when it is
/// destroyed or assigned to.
class secret {
public:
    secret() = default;
    /// Moves the text in, and overwrites what remains of `text`.
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

    /// True if there is no text.
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    /// Returns the text itself. Do not print it. Copies of it are not overwritten.
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
#pragma GCC visibility pop
