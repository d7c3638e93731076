// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/backend.hpp>
#include <gemini/live/credentials.hpp>
#include <gemini/live/execution_context.hpp>
#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/log.hpp>
#include <gemini/live/model_quirks.hpp>
#include <gemini/live/network.hpp>
#include <gemini/live/reconnect.hpp>
#include <gemini/live/wire_tap.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live {

struct reconnect_plan;

class client_core;
class resumption_store;

/// What a session does with a server message that is not what the API describes.
enum class malformed_policy {
    skip, ///< Reports it (`malformed_message` in `session::events()`, log) and continues. Of a
          ///< message only the members that cannot be read are left out.
    fail, ///< Ends with errc::malformed_message, also when one member cannot be read.
};

/// What all sessions of a client share. Every member has a default.
struct client_options {
    /// Absent: the Gemini API.
    std::optional<live::backend> backend{};
    /// Vertex AI: the project's id. Empty with a key (express mode), or for that of the credentials
    /// where these give tokens.
    std::string project{};
    std::string location{};        ///< Vertex AI: "us-central1", "us", "global" … Empty: global.
    std::string universe_domain{}; ///< Vertex AI in a cloud of one's own. Empty: googleapis.com.
    /// An `api_key`; an `ephemeral_token` (Gemini API); for Vertex AI an `access_token`, or where
    /// tokens come from: a `credential_file`, the `metadata_server`, whatever there is
    /// (`application_default`), or a `token_provider` of your own.
    live::credentials credentials{};
    /// Where the Live API is. `https://` and `wss://` mean TLS, `http://` and `ws://` plain
    /// (loopback only). A path is kept before the API's own. Empty: where Google has it. On Vertex
    /// AI without project and location, and with no credentials, an access_token or a
    /// token_provider, it is the whole URL of a proxy that knows them.
    std::string base_url{};
    /// Empty: v1beta, for music v1alpha, on Vertex AI v1beta1.
    std::string api_version{};
    /// Sent with every upgrade, in place of the library's own of the same name.
    std::vector<std::pair<std::string, std::string>> headers{};
    tls_options tls{};
    proxy_options proxy{};
    live::deadlines deadlines{};
    live::limits limits{};
    /// What is known of a model; replace it to add a model or to correct an entry.
    std::function<model_quirks(std::string_view model)> quirks = quirks_of;
    /// Refuses with errc::invalid_argument, before it is sent, what `quirks` says that the model
    /// does not take: in a setup, also one that `on_reconnecting` has changed or that constrains
    /// an ephemeral token, in tool responses and context updates. False: leaves that to the
    /// service.
    bool validate = true;
    malformed_policy malformed = malformed_policy::skip;
    /// When the user has cut in (`interrupted`), audio of the model that waits to be read is
    /// dropped: nobody wants to hear it any more. What else such a message carries is kept.
    bool skip_stale_audio = true;
    reconnect_policy reconnect{};
    /// Awaited before each attempt after a loss, on the client's executor: may change setup,
    /// endpoint and wait, or stop. What it throws ends the session. It may take as long as it
    /// likes, `reconnect_policy::max_outage` and the deadlines notwithstanding; `close()` cancels
    /// it.
    std::function<asio::awaitable<void>(reconnect_plan&)> on_reconnecting{};
    /// Keeps the handles of sessions that have a name, so that a program that is started again goes
    /// on with their conversations.
    std::shared_ptr<live::resumption_store> resumption_store{};
    live::watchdogs watchdogs{};
    live::logger logger{};
    wire_tap tap{};                      ///< Records what all sessions say and hear.
    gcc12_guard<client_options> guard{}; ///< Not to be touched.
};

/// Executor, endpoint, credentials and policies, shared by any number of sessions. Cheap to copy;
/// copies share. Threads: one client serves sessions on all threads of its execution context; a
/// strand is made where that has several. It may be destroyed before its sessions.
class client {
public:
    /// Does no I/O. Throws errc::invalid_argument for options that can never work (a bad URL, a
    /// header with a line break, a project on the Gemini API, an ephemeral token on Vertex AI).
    client(asio::any_io_executor executor, client_options options);
    template <execution_context Context>
    client(Context& context, client_options options)
        : client(asio::any_io_executor(context.get_executor()), std::move(options))
    {
    }

    /// As above. What `options` leaves open comes from the environment variables of the other
    /// Google Gen AI SDKs:
    ///
    /// - `GOOGLE_GENAI_USE_ENTERPRISE`, else `GOOGLE_GENAI_USE_VERTEXAI`: "true" means Vertex AI;
    /// - `GOOGLE_API_KEY`, else `GEMINI_API_KEY`;
    /// - `GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_LOCATION` (or `_REGION`): Vertex AI. A key of the
    ///   environment counts only without them, and they only without a given key;
    /// - `GOOGLE_GEMINI_BASE_URL`, `GOOGLE_VERTEX_BASE_URL`, `GOOGLE_GENAI_API_VERSION` (also
    ///   "beta");
    /// - `GOOGLE_CLOUD_QUOTA_PROJECT` pays, unless the credentials were given with another;
    ///   `GOOGLE_CLOUD_UNIVERSE_DOMAIN`.
    ///
    /// Vertex AI without key or given credentials: `application_default`.
    [[nodiscard]] static client from_environment(
        asio::any_io_executor executor, client_options options = {});
    template <execution_context Context>
    [[nodiscard]] static client from_environment(Context& context, client_options options = {})
    {
        return from_environment(asio::any_io_executor(context.get_executor()), std::move(options));
    }

    [[nodiscard]] const client_options& options() const noexcept;

    using executor_type = asio::any_io_executor;
    /// The executor on which its sessions work and its callbacks are called: the one that was
    /// given, or a strand of it.
    [[nodiscard]] executor_type get_executor() const noexcept;

private:
    friend struct access;
    explicit client(std::shared_ptr<client_core> core) noexcept;

    std::shared_ptr<client_core> core_;
};

} // namespace gemini::live
