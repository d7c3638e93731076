// SPDX-License-Identifier: Apache-2.0
#include "transport/client_upgrade.hpp"

#include "transport/upgrade.hpp"

#include <fmt/format.h>

#include <utility>

namespace gemini::live::transport {

std::string client_upgrade::ask(lws_handshake& handshake, const std::array<std::byte, 16>& random)
{
    key_ = websocket_key(random);
    handshake.asked();
    return upgrade_request_text(
        handshake.target(), handshake.host_header(), handshake.fields(), key_);
}

bool client_upgrade::feed(std::span<const char>& bytes)
{
    std::string_view text(bytes.data(), bytes.size());
    const bool is_whole = answer_.feed(text);
    bytes = bytes.last(text.size());
    return is_whole || (has_head() && !read_body_);
}

bool client_upgrade::judge(lws_handshake& handshake) const
{
    if (answer_.status() == 0) {
        handshake.misanswered("as an HTTP server does");
    } else if (answer_.status() == 101) {
        const auto fault = fault_in_upgrade(answer_, key_);
        if (!fault) return true;
        handshake.misanswered(fmt::format("as a WebSocket server does ({})", *fault));
    } else {
        std::string words;
        if (read_body_ && !answer_.body().empty()) words = read_body_(answer_.body());
        handshake.refused(answer_, std::move(words));
    }
    return false;
}

} // namespace gemini::live::transport
