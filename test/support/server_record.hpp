// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/testing/emulator.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// A numbered message: text that contains "#7", or audio that begins with its number.
[[nodiscard]] std::string numbered(int number, std::string_view text);
[[nodiscard]] std::vector<std::int16_t> numbered_sound(int number, std::vector<std::int16_t> pcm);

/// What an emulator's conversation has consumed. A connection that resumes starts with what its
/// handle includes; what came after the handle is forgotten.
class server_record {
public:
    /// `emulator_options::on_message`.
    void note(const gemini::live::testing::emulator_message& message);

    struct entry {
        bool sound;
        int number; ///< 0: none.
    };
    /// What the conversation of the newest connection has consumed, in order.
    [[nodiscard]] std::vector<entry> newest() const;

private:
    struct connection {
        std::size_t parent = 0; ///< The connection that it resumes, and up to where.
        std::size_t parent_length = 0;
        bool set_up = false;
        std::vector<entry> entries{};
    };
    struct point {
        std::size_t client;
        std::size_t length;
    };

    std::map<std::size_t, connection> connections_;
    std::map<std::string, point> handles_;
};

/// How a record differs from what was sent.
struct verdict {
    std::size_t sent = 0;
    std::size_t once = 0;
    std::size_t lost = 0;
    std::size_t repeated = 0;
    std::size_t reordered = 0;
    friend bool operator==(const verdict&, const verdict&) = default;
};
[[nodiscard]] verdict compare(const std::vector<int>& sent, const std::vector<int>& consumed);

/// The numbers of one kind.
[[nodiscard]] std::vector<int> numbers_of(
    const std::vector<server_record::entry>& record, bool sound);

} // namespace test
