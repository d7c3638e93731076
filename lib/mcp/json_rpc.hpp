// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/json_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Messages of JSON-RPC 2.0. Pure.
namespace gemini::live::mcp {

/// Why a request was refused.
struct rpc_error {
    std::int64_t code = 0;
    std::string message{};
};

struct request_message {
    std::string id; ///< As JSON; the peer's.
    std::string method;
};

struct notification_message {
    std::string method;
    std::optional<protocol::json_value> params{};
};

/// Has either a result or an error.
struct answer_message {
    std::optional<std::int64_t> id{}; ///< Ours. Absent: it answers nothing that we can name.
    std::optional<protocol::json_value> result{};
    std::optional<rpc_error> failure{};
};

/// What one text holds: one message, or a batch.
struct message_batch {
    std::vector<request_message> requests{};
    std::vector<notification_message> notifications{};
    std::vector<answer_message> answers{};
};

/// Throws errc::malformed_message for what is not JSON-RPC 2.0.
[[nodiscard]] message_batch read_messages(std::string_view text);

/// `params` is JSON; empty: none.
[[nodiscard]] std::string request_text(
    std::int64_t id, std::string_view method, std::string_view params);
[[nodiscard]] std::string notification_text(std::string_view method, std::string_view params = {});
/// `id` is JSON.
[[nodiscard]] std::string empty_result_text(std::string_view id);
[[nodiscard]] std::string method_not_found_text(std::string_view id, std::string_view method);

} // namespace gemini::live::mcp
