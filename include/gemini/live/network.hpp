// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace gemini::live {

/// Whom to trust. Verification of certificate and host name is always on; TLS is 1.2 or later.
struct tls_options {
    std::string
        ca_pem{}; ///< Certificates in PEM that are trusted as well as (or instead of) the system's.
    bool system_store = true;         ///< Trust the system's certificates.
    gcc12_guard<tls_options> guard{}; ///< Not to be touched.
    friend bool operator==(const tls_options&, const tls_options&) = default;
};

/// How to leave the network.
struct proxy_options {
    /// "http://user:password@host:port" (userinfo percent-encoded); empty: none.
    std::string url{};
    /// When `url` is empty, use `https_proxy`/`HTTPS_PROXY` (`http_proxy` for ws://) unless
    /// `no_proxy`/`NO_PROXY` names the host.
    bool from_environment = true;
    gcc12_guard<proxy_options> guard{}; ///< Not to be touched.
};

/// The time that each step may take, on a steady clock. Zero switches a limit off; `close` cannot
/// be switched off. Less than zero is refused by the client.
struct deadlines {
    std::chrono::milliseconds resolve{5'000};
    /// TCP, for all addresses of the host together, of which each but the last has 2.5 s at most.
    /// Without a limit the next one is tried when the network has given one up, often after
    /// minutes.
    std::chrono::milliseconds connect{10'000};
    std::chrono::milliseconds upgrade{10'000}; ///< TLS handshake, proxy and HTTP upgrade.
    std::chrono::milliseconds setup{15'000};   ///< From the upgrade to setupComplete.
    std::chrono::milliseconds write_stall{
        30'000};                                  ///< No byte taken by the network while some wait.
    std::chrono::milliseconds close{2'000};       ///< The peer's answer to our close; above zero.
    std::chrono::milliseconds ping_after{20'000}; ///< Ping when nothing was heard for so long.
    std::chrono::milliseconds silence{
        60'000}; ///< After the ping, give up when nothing was heard for so long.
    std::chrono::milliseconds message{
        30'000}; ///< From a server message's first byte to its last, and a second more for each
                 ///< 16 KiB of it that have come. Time in which nobody reads does not count.
};

/// Memory in bytes that nothing grows beyond. Whatever waits is charged for the memory that it
/// takes, not for its size on the wire.
struct limits {
    /// The text of one server message. What it is read into is bounded with it: at most 100,000
    /// members and list elements, and half as much memory for lists and objects as for text. A
    /// message beyond any of it ends the connection with errc::message_too_big.
    std::size_t message = 16u << 20;
    /// Messages that wait to be sent. A full outbox suspends the sender.
    std::size_t outbox = 4u << 20;
    /// Messages that wait to be read. A full inbox stops reading from the network; only what is
    /// left of a connection that can no longer be written to is read, up to 256 KiB more.
    std::size_t inbox = 8u << 20;
    /// Text kept for `context_loss::restore`; the oldest turns go first.
    std::size_t history = 64u << 10;
    /// Words and sound that `turn()` gathers: 64 MiB are 23 minutes of speech. A longer turn is
    /// returned in pieces; see `turn_end::unfinished`.
    std::size_t turn = 64u << 20;
};

} // namespace gemini::live
