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
#include <gemini/live/telemetry.hpp>
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

#pragma GCC visibility push(default)
namespace gemini::live {

struct reconnect_plan;

class [[gnu::visibility("hidden")]] client_core;
class resumption_store;

/// What a session does with a server message that is not what the API describes.
enum class malformed_policy {
    skip, ///< Reports it (`malformed_message` in `session::events()`, and the log) and continues.
          ///< If only some members cannot be read, the message is delivered without them.
    fail, ///< Ends the session with errc::malformed_message, even if only one member cannot be
          ///< read.
};

/// What all sessions of a client share. Every member has a default.
struct client_options {
    /// Which API to use. Absent: the Gemini API.
    std::optional<live::backend> backend{};
    /// Vertex AI: the project's id. Leave it empty with an API key (express mode), or to use the
    /// project that the credentials name.
    std::string project{};
    std::string location{}; ///< Vertex AI: "us-central1", "us", "global" … Empty: global.
    /// Vertex AI: the domain of a cloud other than Google's public one. Empty: googleapis.com.
    std::string universe_domain{};
    /// An `api_key`, or an `ephemeral_token` (Gemini API). For Vertex AI an `access_token`, or a
    /// source of such tokens: `credential_file`, `metadata_server`, `application_default` or
    /// `token_provider`.
    live::credentials credentials{};
    /// The URL of the service. `https://` and `wss://` mean TLS, `http://` and `ws://` plain text
    /// (to this machine only, see `allow_plain_text`). A path is put before that of the API. Empty:
    /// Google's. On Vertex AI it is the entire URL of a proxy that adds what is missing, if project
    /// and location are empty and the credentials are empty, an `access_token` or a
    /// `token_provider`.
    std::string base_url{};
    /// Permits `base_url` to be plain text also to another machine, such as a gateway in a private
    /// network of containers. Whoever is on the way reads the key and the conversation, can use the
    /// key, and can change what is said.
    bool allow_plain_text = false;
    /// Permits it also for credentials that renew themselves (a source of access tokens), together
    /// with `allow_plain_text`. Whoever is on the way always has a valid token of the account, for
    /// all that it may do in the cloud.
    bool allow_plain_text_tokens = false;
    /// Empty: v1beta, for music v1alpha, on Vertex AI v1beta1.
    std::string api_version{};
    /// Sent with every upgrade and by `create_ephemeral_token`. Each replaces the library's own
    /// header of the same name.
    std::vector<std::pair<std::string, std::string>> headers{};
    tls_options tls{};           ///< Which certificates to trust.
    proxy_options proxy{};       ///< The outbound proxy.
    live::deadlines deadlines{}; ///< The time that each step may take.
    live::limits limits{};       ///< The memory that a session may use.
    /// Returns what is known of a model. Replace it to add a model or to correct an entry.
    std::function<model_quirks(std::string_view model)> quirks = quirks_of;
    /// Refuses with errc::invalid_argument, before it is sent, what the model does not accept
    /// according to `quirks`: in setups, also those that `on_reconnecting` has changed or that
    /// constrain an ephemeral token, and in client content, tool responses and context updates.
    /// False: leaves that to the service.
    bool validate = true;
    malformed_policy malformed = malformed_policy::skip; ///< For messages that cannot be read.
    /// When the user interrupts the model (`interrupted`), drops the model's audio that waits to be
    /// read. What else those messages hold is kept.
    bool skip_stale_audio = true;
    reconnect_policy reconnect{}; ///< How a session comes back after a lost connection.
    /// Awaited before each attempt after a loss, to change setup, endpoint or wait, or to stop. May
    /// take any time, whatever `reconnect_policy::max_outage` and the deadlines say.
    ///
    /// Errors: end the session. A `live::error` ends it as it is, any other exception as
    /// errc::misuse.
    /// Cancellation: when the session is closed or destroyed (`terminal`). A hook that ignores it
    /// delays `session::close`.
    /// Threads: runs on the client's executor.
    std::function<asio::awaitable<void>(reconnect_plan&)> on_reconnecting{};
    /// Keeps the handles of sessions that have a name, so that a restarted program resumes their
    /// conversations. Null: none are kept.
    std::shared_ptr<live::resumption_store> resumption_store{};
    live::watchdogs watchdogs{};         ///< For a server that is connected but silent.
    live::logger logger{};               ///< Where the log goes. By default: nowhere.
    telemetry_options telemetry{};       ///< Turn records, metrics and spans.
    wire_tap tap{};                      ///< Records what all sessions send and receive.
    gcc12_guard<client_options> guard{}; ///< Do not touch.
};

/// Executor, endpoint, credentials and policies, shared by any number of sessions. Cheap to copy;
/// copies share everything.
///
/// Threads: any. Its sessions work on a strand, on whichever threads run the execution context.
/// Lifetime: it may be destroyed before its sessions, but not after the execution context.
class client {
public:
    /// Opens no connection. Throws errc::invalid_argument for options that can never work, such as
    /// a malformed URL, a header with a line break, a project on the Gemini API, an ephemeral token
    /// on Vertex AI, or a number out of its range; errc::event_loop_unavailable if libwebsockets
    /// lacks its libuv plugin, or too many files are open.
    client(asio::any_io_executor executor, client_options options);
    /// Makes a client on the executor of an execution context.
    template <execution_context Context>
    client(Context& context, client_options options)
        : client(asio::any_io_executor(context.get_executor()), std::move(options))
    {
    }

    /// Makes a client like the constructor. Options that are not set come from the environment
    /// variables of the other Google Gen AI SDKs:
    ///
    /// - `GOOGLE_GENAI_USE_ENTERPRISE`, else `GOOGLE_GENAI_USE_VERTEXAI`: "true" or "1" means
    ///   Vertex AI;
    /// - `GOOGLE_API_KEY`, else `GEMINI_API_KEY`: the key;
    /// - `GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_LOCATION` (else `GOOGLE_CLOUD_REGION`): Vertex AI.
    ///   They are ignored if the options have a key. A key of the environment is ignored if there
    ///   is a project or location;
    /// - `GOOGLE_GEMINI_BASE_URL` or, on Vertex AI, `GOOGLE_VERTEX_BASE_URL`;
    /// - `GEMINI_LIVE_ALLOW_PLAIN_TEXT`, this library's own: "true" or "1" sets `allow_plain_text`.
    ///   Nothing in the environment sets `allow_plain_text_tokens`;
    /// - `GOOGLE_GENAI_API_VERSION`: "beta" means that of the backend;
    /// - `GOOGLE_CLOUD_QUOTA_PROJECT`: the project that is billed, unless the credentials have
    ///   another;
    /// - `GOOGLE_CLOUD_UNIVERSE_DOMAIN`: Vertex AI.
    ///
    /// On Vertex AI without a key or other credentials, uses `application_default`, unless
    /// `headers` has Authorization or `base_url` is that of a proxy.
    [[nodiscard]] static client from_environment(
        asio::any_io_executor executor, client_options options = {});
    /// Makes a client from the environment, on the executor of an execution context.
    template <execution_context Context>
    [[nodiscard]] static client from_environment(Context& context, client_options options = {})
    {
        return from_environment(asio::any_io_executor(context.get_executor()), std::move(options));
    }

    /// The options, as completed by `from_environment` and with the locations of tokens filled in.
    [[nodiscard]] const client_options& options() const noexcept;

    /// The type of `get_executor()`.
    using executor_type = asio::any_io_executor;
    /// The executor on which the client's sessions work and its callbacks are called: a strand,
    /// which all clients of an execution context share.
    [[nodiscard]] executor_type get_executor() const noexcept;

private:
    friend struct access;
    explicit client(std::shared_ptr<client_core> core) noexcept;

    std::shared_ptr<client_core> core_;
};

} // namespace gemini::live
#pragma GCC visibility pop
