// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace test {

/// One WebSocket frame, valid or invalid as the test needs it.
///
///     socket.write(raw_frame::text("hi").reserved(4).bytes())
class raw_frame {
public:
    enum class length { shortest, in_2_bytes, in_8_bytes };

    raw_frame(std::uint8_t opcode, std::string payload)
        : opcode_(opcode), payload_(std::move(payload))
    {
    }
    static raw_frame continuation(std::string payload) { return {0, std::move(payload)}; }
    static raw_frame text(std::string payload) { return {1, std::move(payload)}; }
    static raw_frame binary(std::string payload) { return {2, std::move(payload)}; }
    static raw_frame close(std::uint16_t code, std::string_view reason = {});
    static raw_frame ping(std::string payload) { return {9, std::move(payload)}; }
    static raw_frame pong(std::string payload) { return {10, std::move(payload)}; }

    raw_frame& final(bool on)
    {
        final_ = on;
        return *this;
    }
    /// The three reserved bits: 4, 2, 1.
    raw_frame& reserved(std::uint8_t bits)
    {
        reserved_ = bits;
        return *this;
    }
    raw_frame& masked(bool on = true)
    {
        masked_ = on;
        return *this;
    }
    raw_frame& length_form(length form)
    {
        form_ = form;
        return *this;
    }
    /// Announces this many bytes instead of the actual number.
    raw_frame& announce(std::uint64_t size)
    {
        announced_ = size;
        return *this;
    }

    [[nodiscard]] std::uint8_t opcode() const noexcept { return opcode_; }
    [[nodiscard]] bool is_final() const noexcept { return final_; }
    [[nodiscard]] bool is_masked() const noexcept { return masked_; }
    [[nodiscard]] const std::string& payload() const noexcept { return payload_; }
    /// The code of a close frame; 1005 when it has none.
    [[nodiscard]] std::uint16_t close_code() const;
    [[nodiscard]] std::string close_reason() const;

    /// The bytes on the wire.
    [[nodiscard]] std::string bytes() const;

private:
    std::uint8_t opcode_;
    std::string payload_;
    bool final_ = true;
    std::uint8_t reserved_ = 0;
    bool masked_ = false;
    length form_ = length::shortest;
    std::optional<std::uint64_t> announced_;
};

/// Applies the mask in place, or removes it.
void apply_mask(std::string& payload, std::string_view key);

} // namespace test
