// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gemini::live {

class client_core;
class metric_store;
class session_core;

#pragma GCC visibility push(default) // as in the public headers
class client;
class json;
class metrics;
class music_session;
class server_message;
class session_ref;
struct server_message_members;
class toolset;
#pragma GCC visibility pop

namespace detail {
struct tool_function;
}
namespace protocol {
struct base64_value;
}

/// What the library does with its public classes and its users cannot. Each of these classes
/// befriends it; the room that implements the class defines its functions.
struct access {
    /// Accepts text that is known to be valid JSON, without checking it again.
    [[nodiscard]] static json trusted(std::string text) noexcept;

    /// `base64`: what of `text` the members hold as bytes.
    [[nodiscard]] static server_message make_message(server_message_members members,
        base::padded_buffer text, std::span<const protocol::base64_value> base64);
    /// Removes the audio from the message; `raw()` has nothing in its place.
    static void drop_audio(server_message& message) noexcept;
    static void set_epoch(server_message& message, std::uint64_t number) noexcept;

    /// A client with another outside world than sockets and clocks, for tests.
    [[nodiscard]] static client make_client(std::shared_ptr<client_core> core) noexcept;
    [[nodiscard]] static const std::shared_ptr<client_core>& core(const client& of) noexcept;
    [[nodiscard]] static const std::shared_ptr<session_core>& core(const session_ref& of) noexcept;
    [[nodiscard]] static const std::vector<std::shared_ptr<const detail::tool_function>>& functions(
        const toolset& of) noexcept;
    [[nodiscard]] static const std::shared_ptr<metric_store>& store(const metrics& of) noexcept;
};

} // namespace gemini::live
