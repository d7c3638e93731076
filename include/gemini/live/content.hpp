// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live {

using bytes = std::vector<std::byte>;

/// A set of response modalities: `modality::text | modality::audio`.
/// Wire: setup.generationConfig.responseModalities. The empty set leaves the member out; the
/// service then answers in audio.
class modalities {
public:
    constexpr modalities() noexcept = default;
    explicit constexpr modalities(std::uint8_t bits) noexcept : bits_(bits) {}
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] constexpr bool contains(modalities other) const noexcept
    {
        return (bits_ & other.bits_) == other.bits_;
    }
    friend constexpr modalities operator|(modalities a, modalities b) noexcept
    {
        return modalities(a.bits_ | b.bits_);
    }
    friend constexpr bool operator==(modalities, modalities) noexcept = default;

private:
    std::uint8_t bits_ = 0;
};

namespace modality {
inline constexpr modalities text{1};
inline constexpr modalities audio{2};
inline constexpr modalities image{4};
inline constexpr modalities video{8};
} // namespace modality

/// Bytes with their media type. Wire: Blob {mimeType, data}; data is base64 on the wire, plain
/// bytes here.
struct blob {
    std::string mime_type; ///< e.g. "audio/pcm;rate=24000"
    bytes data;

    blob() = default;
    blob(std::string type, bytes content) : mime_type(std::move(type)), data(std::move(content)) {}
    friend bool operator==(const blob&, const blob&) = default;
};

/// One piece of a turn: text, or bytes with a media type. Wire: Part.
struct part {
    std::optional<std::string> text{};
    std::optional<blob> inline_data{};
    bool thought = false; ///< The model's reasoning, not its answer.

    part() = default;
    part(std::string text_) : text(std::move(text_)) {} // NOLINT(google-explicit-constructor)
    part(const char* text_) : text(text_) {}            // NOLINT(google-explicit-constructor)
    part(blob data) : inline_data(std::move(data)) {}   // NOLINT(google-explicit-constructor)
    friend bool operator==(const part&, const part&) = default;
};

/// One turn, or the system instruction. Wire: Content {role, parts}.
struct content {
    std::string role; ///< "user" or "model"
    std::vector<part> parts;

    content() = default;
    /// A user's turn of one text.
    content(std::string text)
        : content("user", std::move(text)) {}                 // NOLINT(google-explicit-constructor)
    content(const char* text) : content(std::string(text)) {} // NOLINT(google-explicit-constructor)
    content(std::string role_, std::string text) : role(std::move(role_))
    {
        parts.emplace_back(std::move(text));
    }
    content(std::string role_, std::vector<part> parts_)
        : role(std::move(role_)), parts(std::move(parts_))
    {
    }
    friend bool operator==(const content&, const content&) = default;
};

} // namespace gemini::live
