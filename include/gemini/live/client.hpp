// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/credentials.hpp>
#include <gemini/live/log.hpp>
#include <gemini/live/network.hpp>
#include <gemini/live/reconnect.hpp>

#include <asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live {

class client_core;

/// What all sessions of a client share. Every member has a default.
struct client_options {
    api_key credentials{};
    /// Where the Live API is. `https://` and `wss://` mean TLS, `http://` and `ws://` plain
    /// (loopback only). A path is kept before the API's own.
    std::string base_url{"https://generativelanguage.googleapis.com"};
    std::string api_version{"v1beta"};
    std::vector<std::pair<std::string, std::string>> headers{}; ///< Sent with every upgrade.
    tls_options tls{};
    proxy_options proxy{};
    live::deadlines deadlines{};
    live::limits limits{};
    reconnect_policy reconnect{};
    live::logger logger{};
};

/// Executor, endpoint, credentials and policies, shared by any number of sessions. Cheap to copy;
/// copies share. Threads: one client serves sessions on all threads of its execution context; a
/// strand is made where that has several. It may be destroyed before its sessions.
class client {
public:
    /// Does no I/O. Throws errc::invalid_argument for options that can never work (a bad URL, a
    /// header with a line break).
    client(asio::any_io_executor executor, client_options options);

    /// As above with a key from `GOOGLE_API_KEY` or `GEMINI_API_KEY`.
    [[nodiscard]] static client from_environment(asio::any_io_executor executor);

    [[nodiscard]] const client_options& options() const noexcept;

    /// For the library's own use and its tests.
    explicit client(std::shared_ptr<client_core> core) noexcept : core_(std::move(core)) {}
    [[nodiscard]] const std::shared_ptr<client_core>& core() const noexcept { return core_; }

private:
    std::shared_ptr<client_core> core_;
};

} // namespace gemini::live
