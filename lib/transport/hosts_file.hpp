// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/ip/address.hpp>

#include <string_view>
#include <vector>

namespace gemini::live::transport {

/// Returns all addresses that a hosts file (hosts(5)) with this text gives to `host`, in its order.
/// Lines that cannot be understood are skipped.
[[nodiscard]] std::vector<asio::ip::address> find_in_hosts(
    std::string_view text, std::string_view host);

} // namespace gemini::live::transport
