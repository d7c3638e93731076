// SPDX-License-Identifier: Apache-2.0
#include "transport/socks_tunnel.hpp"

#include "transport/authority.hpp"

#include <asio/ip/address.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gemini::live::transport {
namespace {

namespace socks {

constexpr char version = 5;
constexpr char login_version = 1;
constexpr char connect = 1;
constexpr std::uint8_t without_login = 0;
constexpr std::uint8_t with_login = 2;
constexpr std::uint8_t none_acceptable = 0xff;
constexpr std::uint8_t ipv4 = 1;
constexpr std::uint8_t name = 3;
constexpr std::uint8_t ipv6 = 4;

/// With its length in front.
std::string counted(std::string_view text)
{
    return static_cast<char>(text.size()) + std::string(text);
}

std::string greeting(bool has_login)
{
    return has_login ? std::string{version, 2, without_login, with_login}
                     : std::string{version, 1, without_login};
}

std::string address_of(const std::string& host)
{
    const auto typed = [](std::uint8_t type, const auto& bytes) {
        return static_cast<char>(type) + std::string(bytes.begin(), bytes.end());
    };
    asio::error_code is_name;
    const auto address = asio::ip::make_address(host, is_name);
    if (is_name) return typed(name, counted(host));
    return address.is_v4() ? typed(ipv4, address.to_v4().to_bytes())
                           : typed(ipv6, address.to_v6().to_bytes());
}

std::string request(const std::string& host, std::uint16_t port)
{
    const std::string port_bytes{static_cast<char>(port >> 8), static_cast<char>(port & 0xff)};
    return std::string{version, connect, 0} + address_of(host) + port_bytes;
}

const char* meaning_of(std::uint8_t code)
{
    switch (code) {
    case 1: return "it has failed in general";
    case 2: return "its rules do not allow it";
    case 3: return "the network cannot be reached";
    case 4: return "the host cannot be found or reached";
    case 5: return "the host has refused the connection";
    case 6: return "the host is too far away (TTL expired)";
    case 7: return "it does not know the command CONNECT";
    case 8: return "it does not know this type of address";
    default: return "it gave an unknown reason";
    }
}

} // namespace socks
} // namespace

socks_tunnel::socks_tunnel(const proxy_address& proxy, const request_head& request)
    : proxy_(authority(proxy.host, proxy.port)), target_(authority(request.host, request.port)),
      has_login_(proxy.has_login()),
      login_(socks::login_version + socks::counted(proxy.user) + socks::counted(proxy.password)),
      request_(socks::request(request.host, request.port)), output_(socks::greeting(has_login_))
{
}

std::string socks_tunnel::output() { return std::exchange(output_, {}); }

tunnel::state socks_tunnel::feed(std::string_view& bytes)
{
    auto now = state::asking;
    while (now == state::asking) {
        const auto size = std::min(wanted_ - answer_.size(), bytes.size());
        answer_ += bytes.substr(0, size);
        bytes.remove_prefix(size);
        if (answer_.size() < wanted_) break;
        now = take_answer();
    }
    return now;
}

tunnel::state socks_tunnel::take_answer()
{
    const auto byte = [this](std::size_t at) { return static_cast<std::uint8_t>(answer_[at]); };
    if (step_ != step::login && answer_[0] != socks::version) return fail_as_no_socks();
    switch (step_) {
    case step::method: return take_method(byte(1));
    case step::login:
        if (byte(1) != 0)
            return fail(fmt::format("The proxy {} did not accept the user name and password: check "
                                    "both in its URL, where special characters are "
                                    "percent-encoded.",
                proxy_));
        output_ += request_;
        return await(step::reply, 2);
    case step::reply: return take_reply(byte(1));
    case step::bound_address: return take_bound_address(byte(3), byte(4));
    case step::address_rest: break;
    }
    return state::open;
}

tunnel::state socks_tunnel::take_method(std::uint8_t method)
{
    if (method == socks::without_login) {
        output_ += request_;
        return await(step::reply, 2);
    }
    if (method == socks::with_login && has_login_) {
        output_ += login_;
        return await(step::login, 2);
    }
    if (method != socks::none_acceptable) return fail_as_no_socks();
    if (has_login_)
        return fail(fmt::format("The proxy {} accepts neither a user name and password nor a "
                                "client without them: ask whoever runs it.",
            proxy_));
    return fail(fmt::format("The proxy {} wants a user name and password: give them in its URL, "
                            "\"socks5://user:password@host:port\".",
        proxy_));
}

/// A refusal may end with its code.
tunnel::state socks_tunnel::take_reply(std::uint8_t code)
{
    if (code != 0)
        return fail(fmt::format("The proxy {} did not open a tunnel to {}: {} (SOCKS 5 code {}). "
                                "Check host and port, and whether the proxy allows them.",
            proxy_, target_, socks::meaning_of(code), code));
    return await(step::bound_address, 5);
}

/// The address means nothing to us, but what follows it comes from the target.
tunnel::state socks_tunnel::take_bound_address(std::uint8_t type, std::uint8_t first)
{
    constexpr std::size_t head_and_port = 6;
    switch (type) {
    case socks::ipv4: return await(step::address_rest, head_and_port + 4);
    case socks::ipv6: return await(step::address_rest, head_and_port + 16);
    case socks::name: return await(step::address_rest, head_and_port + 1 + first);
    default: return fail_as_no_socks();
    }
}

/// The next `size` bytes; those of an answer that has begun count.
tunnel::state socks_tunnel::await(step next, std::size_t size)
{
    const bool goes_on = next == step::bound_address || next == step::address_rest;
    if (!goes_on) answer_.clear();
    step_ = next;
    wanted_ = size;
    return state::asking;
}

tunnel::state socks_tunnel::fail(std::string sentence)
{
    sentence_ = std::move(sentence);
    return state::failed;
}

tunnel::state socks_tunnel::fail_as_no_socks()
{
    return fail(fmt::format("The proxy {} did not answer as a SOCKS 5 proxy does: check its URL, "
                            "and whether it is an HTTP proxy.",
        proxy_));
}

error socks_tunnel::why() const
{
    if (sentence_.empty()) return tunnel_cut(proxy_, target_);
    return {errc::proxy_failed, sentence_, {phase::connect}};
}

} // namespace gemini::live::transport
