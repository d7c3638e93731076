// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/ip/address.hpp>

#include <optional>

namespace gemini::live::transport {

/// Whether this machine could send to an address. Nothing is sent.
[[nodiscard]] bool has_route(const asio::ip::address& target) noexcept;

/// The address from which this machine would send to `target`; absent if it has no route. Nothing
/// is sent.
[[nodiscard]] std::optional<asio::ip::address_v6> source_for(
    const asio::ip::address_v6& target) noexcept;

} // namespace gemini::live::transport
