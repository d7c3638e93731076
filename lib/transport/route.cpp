// SPDX-License-Identifier: Apache-2.0
#include "transport/route.hpp"

#include <asio/ip/udp.hpp>

#include <sys/socket.h>
#include <unistd.h>

namespace gemini::live::transport {
namespace {

/// The local end of a UDP socket that is connected to `target`.
std::optional<asio::ip::udp::endpoint> local_end(const asio::ip::address& target) noexcept
{
    constexpr unsigned short any = 443;
    asio::ip::udp::endpoint end(target, any);
    const int probe = ::socket(end.protocol().family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return std::nullopt;
    socklen_t size = sizeof(sockaddr_in6);
    const bool found = ::connect(probe, end.data(), static_cast<socklen_t>(end.size())) == 0 &&
                       ::getsockname(probe, end.data(), &size) == 0;
    ::close(probe);
    if (!found) return std::nullopt;
    return end;
}

} // namespace

bool has_route(const asio::ip::address& target) noexcept { return local_end(target).has_value(); }

std::optional<asio::ip::address_v6> source_for(const asio::ip::address_v6& target) noexcept
{
    const auto end = local_end(target);
    if (!end) return std::nullopt;
    return end->address().to_v6();
}

} // namespace gemini::live::transport
