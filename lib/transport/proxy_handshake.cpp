// SPDX-License-Identifier: Apache-2.0
#include "transport/proxy_handshake.hpp"

#include "transport/authority.hpp"
#include "transport/connect_tunnel.hpp"
#include "transport/socks_tunnel.hpp"
#include "transport/tls_context.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace gemini::live::transport {
namespace {

std::unique_ptr<tunnel> tunnel_through(const proxy_address& proxy, const request_head& request)
{
    if (proxy.kind == proxy_kind::socks5) return std::make_unique<socks_tunnel>(proxy, request);
    return std::make_unique<connect_tunnel>(proxy, request);
}

bool has_ended(moved::next what) { return what == moved::at_the_end || what == moved::broken; }

} // namespace

proxy_handshake::proxy_handshake(
    const proxy_address& proxy, const request_head& request, std::shared_ptr<SSL_CTX> tls)
    : proxy_(authority(proxy.host, proxy.port)), host_(request.host), tls_(std::move(tls)),
      tunnel_(tunnel_through(proxy, request)), unsent_(tunnel_->output())
{
}

moved::next proxy_handshake::advance(
    byte_stream& wire, std::span<char> buffer, lws_handshake& progress)
{
    while (state_ != tunnel::state::open) {
        const auto next = unsent_.empty() ? read(wire, buffer) : write(wire);
        if (next == moved::broken && state_ == tunnel::state::asking)
            why_ = progress.demand_of_proxy(wire.tls());
        if (next != moved::at_once) return next;
    }
    return tls_ ? encrypt(wire, progress) : moved::at_once;
}

/// What the proxy had said before writing failed is still read.
moved::next proxy_handshake::write(byte_stream& wire)
{
    const auto last = wire.write(unsent_);
    unsent_.erase(0, last.size);
    if (!has_ended(last.then)) return last.then;
    write_failed_ = true;
    unsent_.clear();
    return moved::at_once;
}

/// Nothing may follow the proxy's answer: nobody has asked the peer anything yet.
moved::next proxy_handshake::read(byte_stream& wire, std::span<char> buffer)
{
    const auto last = wire.read(buffer);
    std::string_view bytes(buffer.data(), last.size);
    state_ = tunnel_->feed(bytes);
    const bool is_open = state_ == tunnel::state::open;
    if (is_open && bytes.empty()) return moved::at_once;
    if (is_open)
        why_.emplace(errc::proxy_failed,
            fmt::format("The proxy {} sent more than its answer before anything was asked of {}: "
                        "check its URL.",
                proxy_, host_),
            error_details{phase::connect});
    const bool is_silent = write_failed_ && last.size == 0;
    if (is_open || is_silent || state_ == tunnel::state::failed || has_ended(last.then))
        return moved::broken;
    if (!write_failed_) unsent_ = tunnel_->output();
    return unsent_.empty() ? last.then : moved::at_once;
}

moved::next proxy_handshake::encrypt(byte_stream& wire, lws_handshake& progress)
{
    if (const auto opened = std::exchange(tunnel_, nullptr)) {
        progress.tunneled();
        wire.encrypt(client_tls(tls_.get(), host_));
    }
    const auto last = wire.shake_hands();
    if (!has_ended(last.then)) return last.then;
    progress.failed(wire.tls());
    why_ = progress.why();
    return moved::broken;
}

} // namespace gemini::live::transport
