// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/secret.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Which certificates to trust, and which one to show. The server's certificate and its host name
/// are always verified; TLS is 1.2 or later.
///
/// Files are read by the client's executor when it makes a connection, and again when they have
/// changed: replace them by renaming, so that none is seen half written. What cannot be used fails
/// that connection with errc::tls_failed, before anything is sent.
struct tls_options {
    /// Certificates of authorities in PEM, trusted in addition to the system's, or instead of them.
    /// They need not be roots.
    std::string ca_pem{};
    /// A file of such certificates, trusted in addition to `ca_pem`.
    std::string ca_file{};
    /// Trust the system's certificates. These are OpenSSL's: the environment variables
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them.
    bool system_store = true;
    /// A client certificate in PEM, for servers that ask for one (mTLS); after it its issuers, if
    /// the server needs them. Empty: none.
    std::string certificate_pem{};
    std::string certificate_file{}; ///< A file with it, instead.
    /// The key of the client certificate in PEM. If there is neither this nor a file, it is in the
    /// same place as the certificate.
    secret private_key_pem{};
    std::string private_key_file{}; ///< A file with it, instead.
    secret private_key_password{};  ///< For an encrypted key.
    /// If there are any, the server must have one of these public keys, or one of its issuers must;
    /// everything else is verified too. Each is the SHA-256 of a SubjectPublicKeyInfo in base64,
    /// with or without "sha256//" before it, as curl accepts them. This also applies to servers
    /// that issue tokens. A key that only the server has may be lost when its certificate is
    /// renewed: pin the next one as well, or an issuer.
    std::vector<std::string> pinned_public_keys{};
    gcc12_guard<tls_options> guard{}; ///< Do not touch.
    friend bool operator==(const tls_options&, const tls_options&) = default;
};

/// The outbound proxy. It only ever sees the names of hosts and, with TLS, encrypted bytes: it is
/// asked for a tunnel, also for `http://` and `ws://`.
struct proxy_options {
    /// "http://user:password@host:port", with user and password percent-encoded. The scheme says
    /// how the proxy is asked:
    ///
    /// - `http` (default port 80): by CONNECT. A URL without a scheme means this one.
    /// - `https` (default port 443): by CONNECT within TLS, which hides user and password.
    /// - `socks5` or `socks5h` (default port 1080): by SOCKS 5; the proxy resolves the host's name.
    ///
    /// The certificate of an `https` proxy is verified against its host, as `tls_options` say.
    /// SOCKS 5 limits user and password to 255 bytes each.
    ///
    /// Empty: none.
    std::string url{};
    /// If `url` is empty, uses the first of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and
    /// `ALL_PROXY` that is set (for ws:// of `http_proxy`, `all_proxy` and `ALL_PROXY`), unless
    /// `no_proxy`, else `NO_PROXY`, exempts the host. Never used for this machine.
    bool from_environment = true;
    gcc12_guard<proxy_options> guard{}; ///< Do not touch.
};

/// The time that each step may take, on a steady clock. Zero switches a limit off, except `close`,
/// which must be above zero. The client refuses negative values.
struct deadlines {
    /// Name lookup. Without a limit, it ends when no name server has answered three times.
    std::chrono::milliseconds resolve{5'000};
    /// TCP, for all addresses of the host together. While one does not answer, the next is tried
    /// beside it after 250 ms, and the first that answers is used.
    std::chrono::milliseconds connect{10'000};
    std::chrono::milliseconds upgrade{10'000}; ///< Proxy, TLS handshake and HTTP upgrade.
    std::chrono::milliseconds setup{15'000};   ///< From the upgrade to setupComplete.
    /// The network accepts no byte while some wait to be sent.
    std::chrono::milliseconds write_stall{30'000};
    std::chrono::milliseconds close{2'000}; ///< From our close to the peer's; above zero.
    /// A ping is sent when nothing has been heard for this long.
    std::chrono::milliseconds ping_after{20'000};
    /// The connection is given up when nothing has been heard for this long after the ping.
    std::chrono::milliseconds silence{60'000};
    /// From a server message's first byte to its last, plus one second for each 16 KiB that have
    /// come. Time in which nobody reads does not count.
    std::chrono::milliseconds message{30'000};
};

/// Limits of memory, in bytes, 1 or more each. What waits counts with the memory that it occupies,
/// not with its size on the wire.
struct limits {
    /// The text of one server message. What it is decoded into is limited too: to 100,000 members
    /// and list elements, and to half as much memory for lists and objects as for text. A message
    /// beyond any of these ends the connection with errc::message_too_big.
    std::size_t message = 16u << 20;
    /// Messages that wait to be sent. A full outbox suspends the sender; an empty one accepts a
    /// message of any size. Also limits the messages kept for replay.
    std::size_t outbox = 4u << 20;
    /// Messages that wait to be read. While the inbox is full, nothing is read from the network.
    /// What is left of a connection that can no longer be written to is read nevertheless, up to
    /// 256 KiB beyond the limit.
    std::size_t inbox = 8u << 20;
    /// Text kept for `context_loss::restore`; the oldest turns are dropped first. 0 or more.
    std::size_t history = 64u << 10;
    /// Words and audio that `session::turn` collects: 64 MiB hold 23 minutes of speech. A longer
    /// turn is returned in pieces; see `turn_end::unfinished`. `turn_options::limit` replaces it.
    std::size_t turn = 64u << 20;
};

} // namespace gemini::live
#pragma GCC visibility pop
