// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "auth/token_call.hpp"
#include "transport/transport.hpp"

#include <gemini/live/credentials.hpp>

#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace gemini::live::auth {

/// What a connection presents to the service.
struct proof {
    access_token token;    ///< `expires()` is by this machine's clock.
    std::string project{}; ///< The project of the credentials; empty: not known.
};

/// What a fetcher depends on. Tests substitute their own.
struct fetcher_world {
    std::function<asio::awaitable<transport::http_response>(transport::http_request)> fetch;
    std::function<wall_time()> wall_clock;
    tls_options trust{};
    proxy_options proxy{};
    live::deadlines deadlines{};
};

/// Obtains tokens from credentials that produce them, a new one each time. One call at a time.
class token_fetcher {
public:
    /// Locations must be filled in. `universe_domain` is that of the service; empty:
    /// googleapis.com. `needs_project`: a machine is asked for its project.
    token_fetcher(
        credentials given, std::string universe_domain, bool needs_project, fetcher_world world);

    /// Throws `live::error`. Cancellation: total.
    [[nodiscard]] static asio::awaitable<proof> fetch(std::shared_ptr<token_fetcher> self);

private:
    asio::awaitable<proof> by_provider(const token_provider& provider);
    asio::awaitable<proof> by_file(credential_file file);
    asio::awaitable<proof> by_account(
        std::shared_ptr<const account> account, std::string name, std::string quota_project);
    asio::awaitable<proof> by_default(application_default places);
    asio::awaitable<proof> by_machine(metadata_server server);
    asio::awaitable<secret> get_subject(std::shared_ptr<const account> account, std::string name);
    asio::awaitable<token_answer> ask(token_call call);
    asio::awaitable<transport::http_response> send(const token_call& call);
    void check_universe(const account& account, std::string_view name) const;
    [[nodiscard]] proof made(token_answer answer, std::string quota_project) const;

    const credentials given_;
    const std::string universe_domain_;
    const bool needs_project_;
    const fetcher_world world_;
    bool machine_has_answered_ = false;
};

} // namespace gemini::live::auth
