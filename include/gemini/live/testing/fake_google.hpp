// SPDX-License-Identifier: Apache-2.0
/// Google's side of OAuth on loopback, for the tests of programs that use Vertex AI.
#pragma once

#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/testing/emulator.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::testing {

/// What clients ask for tokens.
enum class google_endpoint {
    token,         ///< oauth2.googleapis.com/token: service accounts and authorized users.
    sts,           ///< sts.googleapis.com/v1/token: external accounts.
    impersonation, ///< iamcredentials.googleapis.com: generateAccessToken.
    metadata,      ///< The metadata server of a machine in Google Cloud, all its paths.
    subject,       ///< An identity provider outside Google, as external accounts have.
};

/// What one request meets. Made by the functions below.
struct google_outcome {
    enum class kind {
        proper,
        refusal,
        stall,
        cut,
        cut_short,
        garbage,
        web_page,
        without_expiry,
        brief,
        without_flavor,
    };

    google_outcome::kind what = kind::proper;
    int status = 200;
    std::chrono::seconds time{};
    std::string body{};
    gcc12_guard<google_outcome> guard{}; ///< Not to be touched.

    /// As if nothing had been said: to let some requests through before the next fault.
    [[nodiscard]] static google_outcome proper();
    /// This status, with `Retry-After` unless that is zero. Without a body, what the service says
    /// with it.
    [[nodiscard]] static google_outcome refuse(
        int status, std::chrono::seconds retry_after = {}, std::string body = {});
    /// 400 {"error": "invalid_grant", "error_description": description}.
    [[nodiscard]] static google_outcome invalid_grant(std::string description);
    /// invalid_grant with the subtype invalid_rapt: the user has to log in again, since his
    /// company's rules say so.
    [[nodiscard]] static google_outcome reauthentication();
    /// No answer, as long as the client waits.
    [[nodiscard]] static google_outcome stall();
    /// The connection is cut before the answer / in the middle of it.
    [[nodiscard]] static google_outcome cut();
    [[nodiscard]] static google_outcome cut_short();
    /// 200 with JSON that is none.
    [[nodiscard]] static google_outcome garbage();
    /// 200 with a page in HTML, as networks give that want one to log in.
    [[nodiscard]] static google_outcome web_page();
    /// The proper answer, without the member that says when the token ends.
    [[nodiscard]] static google_outcome without_expiry();
    /// The proper answer, with a token that lives so long.
    [[nodiscard]] static google_outcome expires_in(std::chrono::seconds lifetime);
    /// The proper answer, without the field `Metadata-Flavor`: as some other server would give it.
    [[nodiscard]] static google_outcome without_metadata_flavor();
};

/// An access token that was given out.
struct google_token {
    std::string value;
    google_endpoint from;
    std::chrono::system_clock::time_point issued;
    std::chrono::system_clock::time_point expires;
    bool revoked = false;
};

/// Where an external account has its subject token from, and what comes of it.
struct external_account_kind {
    std::string file{};       ///< Path of a file; empty: from `subject_url()`.
    bool json = false;        ///< As the member "id_token" of an object, not as it stands.
    bool impersonate = false; ///< A service account, in a second step.
    gcc12_guard<external_account_kind> guard{}; ///< Not to be touched.
};

struct fake_google_options {
    std::uint16_t port = 0; ///< On 127.0.0.1; 0: any free one. The metadata server has another.
    std::optional<tls_identity> tls{}; ///< For all but the metadata server, which never encrypts.
    /// What time it is for tokens; absent: the system's. Called from the executor's threads, and
    /// from those that call `valid`.
    std::function<std::chrono::system_clock::time_point()> clock{};
    std::chrono::seconds token_lifetime{3599}; ///< What `expires_in` tells.
    std::string project{"fake-project"};
    std::string location{"us-central1"};
    std::string universe_domain{"googleapis.com"};
    std::string quota_project{}; ///< In the files of users; empty: none there.
    /// Told of every request, in a sentence without secrets.
    std::function<void(std::string_view)> on_event{};
    gcc12_guard<fake_google_options> guard{}; ///< Not to be touched.
};

/// OAuth token endpoint, STS, IAM credentials, metadata server and a foreign identity provider.
/// They know the accounts whose files this class gives out, check what clients send as Google is
/// known to, and refuse in its words. Nobody else takes the tokens, but an emulator whose
/// `emulator_options::google` this is. Every secret has "fake-google" in it, but for the private
/// key and JWTs.
///
/// Listens from construction to `close()` or destruction.
/// Threads: it serves on the executor; its functions may be called from any thread.
class fake_google {
public:
    using time_point = std::chrono::system_clock::time_point;

    /// Throws `live::error` when it cannot listen.
    explicit fake_google(asio::any_io_executor executor, fake_google_options options = {});
    template <execution_context Context>
    explicit fake_google(Context& context, fake_google_options options = {})
        : fake_google(asio::any_io_executor(context.get_executor()), std::move(options))
    {
    }
    fake_google(fake_google&&) noexcept;
    fake_google& operator=(fake_google&&) noexcept;
    ~fake_google();

    /// "http://127.0.0.1:4711", or "https://localhost:4711".
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::string token_url() const;
    [[nodiscard]] std::string sts_url() const;
    /// For the service account of `service_account_file()`.
    [[nodiscard]] std::string impersonation_url() const;
    /// Wants the field `Authorization` that `external_account_file` tells to send.
    [[nodiscard]] std::string subject_url() const;
    /// "127.0.0.1:4712": what the variable GCE_METADATA_HOST takes. Unencrypted.
    [[nodiscard]] std::string metadata_host() const;

    // What `GOOGLE_APPLICATION_CREDENTIALS` may name: the text of such files, with the URLs above
    // in it. Users' files have `token_uri`, which Google's have not.
    [[nodiscard]] std::string service_account_file() const;
    [[nodiscard]] std::string authorized_user_file() const;
    [[nodiscard]] std::string external_account_file(const external_account_kind& kind = {}) const;
    /// The service account, by way of the authorized user.
    [[nodiscard]] std::string impersonated_service_account_file() const;
    /// What is to stand in `external_account_kind::file`. Good for an hour.
    [[nodiscard]] std::string subject_token() const;

    /// What the next requests meet, behind those that were told before.
    void next(google_endpoint endpoint, google_outcome outcome, std::size_t times = 1);
    /// What requests meet that nothing was told for. The latest call counts.
    void otherwise(google_endpoint endpoint, google_outcome outcome);

    /// A new access token, as from the token endpoint, for programs that do not fetch theirs.
    [[nodiscard]] std::string issue();
    /// How many requests have come, whatever became of them.
    [[nodiscard]] std::size_t requests(google_endpoint endpoint) const;
    /// The latest thousand, oldest first.
    [[nodiscard]] std::vector<google_token> issued() const;
    /// Whether Vertex AI takes it now / at that time: an access token given out here, neither
    /// expired nor revoked, or a JWT that the service account has signed itself.
    [[nodiscard]] bool valid(std::string_view bearer) const;
    [[nodiscard]] bool valid(std::string_view bearer, time_point at) const;
    /// Makes all access tokens that were given out so far invalid.
    void revoke_tokens();
    /// From now on the user's refresh token is refused: "Token has been expired or revoked."
    void log_user_out();

    /// Stops listening. Idempotent.
    void close() noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace gemini::live::testing
