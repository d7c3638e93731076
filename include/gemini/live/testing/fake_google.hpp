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

#pragma GCC visibility push(default)
namespace gemini::live::testing {

/// The endpoints that clients ask for tokens.
enum class google_endpoint {
    token,         ///< oauth2.googleapis.com/token: service accounts and authorized users.
    sts,           ///< sts.googleapis.com/v1/token: external accounts.
    impersonation, ///< iamcredentials.googleapis.com: generateAccessToken.
    metadata,      ///< The metadata server of a machine in Google Cloud, all its paths.
    subject,       ///< An identity provider outside Google, for external accounts.
};

/// The outcome of one request. Made by the functions below.
struct google_outcome {
    /// What happens to the request; each is described at the function that makes it.
    enum class kind {
        proper,         ///< `proper()`
        refusal,        ///< `refuse()`, `invalid_grant()`, `reauthentication()`
        stall,          ///< `stall()`
        cut,            ///< `cut()`
        cut_short,      ///< `cut_short()`
        garbage,        ///< `garbage()`
        web_page,       ///< `web_page()`
        without_expiry, ///< `without_expiry()`
        brief,          ///< `expires_in()`
        without_flavor, ///< `without_metadata_flavor()`
    };

    google_outcome::kind what = kind::proper; ///< What happens to the request.
    int status = 200;                         ///< HTTP status of a `refusal`.
    /// `Retry-After` of a `refusal`, zero: none; lifetime of the token of a `brief`.
    std::chrono::seconds time{};
    std::string body{};                  ///< Body of a `refusal`; empty: the endpoint's own.
    gcc12_guard<google_outcome> guard{}; ///< Not to be touched.

    /// The proper answer. Lets some requests succeed before the next fault.
    [[nodiscard]] static google_outcome proper();
    /// This status, with `Retry-After` unless that is zero. Without a body, the endpoint's own for
    /// this status.
    [[nodiscard]] static google_outcome refuse(
        int status, std::chrono::seconds retry_after = {}, std::string body = {});
    /// 400 {"error": "invalid_grant", "error_description": description}.
    [[nodiscard]] static google_outcome invalid_grant(std::string description);
    /// invalid_grant with the subtype invalid_rapt: a company's rules require its user to log in
    /// again.
    [[nodiscard]] static google_outcome reauthentication();
    /// No answer for as long as the client waits.
    [[nodiscard]] static google_outcome stall();
    /// The connection is cut before the answer.
    [[nodiscard]] static google_outcome cut();
    /// The connection is cut in the middle of the answer.
    [[nodiscard]] static google_outcome cut_short();
    /// 200 with a body that is not valid JSON.
    [[nodiscard]] static google_outcome garbage();
    /// 200 with an HTML page, as from a captive portal.
    [[nodiscard]] static google_outcome web_page();
    /// The proper answer without the member that says when the token expires.
    [[nodiscard]] static google_outcome without_expiry();
    /// The proper answer with a token of this lifetime.
    [[nodiscard]] static google_outcome expires_in(std::chrono::seconds lifetime);
    /// The proper answer without the header `Metadata-Flavor`, as from a server that is not
    /// Google's.
    [[nodiscard]] static google_outcome without_metadata_flavor();
};

/// An access token that was issued.
struct google_token {
    std::string value;    ///< "ya29.fake-google-…"
    google_endpoint from; ///< The endpoint that issued it; `token` for `fake_google::issue()`.
    std::chrono::system_clock::time_point issued;  ///< By `fake_google_options::clock`.
    std::chrono::system_clock::time_point expires; ///< By `fake_google_options::clock`.
    bool revoked = false;                          ///< By `fake_google::revoke_tokens()`.
};

/// The source of an external account's subject token, and what the token is exchanged for.
struct external_account_kind {
    std::string file{}; ///< Path of a file with the token; empty: `fake_google::subject_url()`.
    bool json = false;  ///< The token is the member "id_token" of an object; else plain text.
    bool impersonate = false; ///< Impersonates the service account in a second step.
    gcc12_guard<external_account_kind> guard{}; ///< Not to be touched.
};

/// How a `fake_google` listens, and what it says.
struct fake_google_options {
    std::uint16_t port = 0; ///< On 127.0.0.1; 0: any free one. The metadata server has its own.
    std::optional<tls_identity> tls{}; ///< For all but the metadata server, which is always plain.
    /// The time for tokens. Absent: the system's. Called on the executor, and within `valid`,
    /// `issue` and `subject_token`.
    std::function<std::chrono::system_clock::time_point()> clock{};
    std::chrono::seconds token_lifetime{3599};     ///< Of access tokens: their `expires_in`.
    std::string project{"fake-project"};           ///< The project of all accounts.
    std::string location{"us-central1"};           ///< The region of the metadata server's machine.
    std::string universe_domain{"googleapis.com"}; ///< In files and from the metadata server.
    std::string quota_project{};                   ///< In files of users; empty: none.
    /// Receives every request as a sentence without secrets. Called on the executor.
    std::function<void(std::string_view)> on_event{};
    gcc12_guard<fake_google_options> guard{}; ///< Not to be touched.
};

/// OAuth token endpoint, STS, IAM credentials, metadata server and a foreign identity provider.
/// They know the accounts whose files this class returns, verify what clients send as Google is
/// known to, and refuse in its words. Only an emulator with this as `emulator_options::google`
/// accepts the tokens. Every secret contains "fake-google", except the private key and JWTs.
///
/// Listens from construction until `close()` or destruction.
///
/// Threads: it works on a strand of its executor. Members may be called from any thread, but not
/// during a move or its destruction.
/// Lifetime: destroy it before its execution context.
class fake_google {
public:
    /// The time of tokens.
    using time_point = std::chrono::system_clock::time_point;

    /// Begins to listen. Throws errc::connect_failed if it cannot, errc::tls_failed for an unusable
    /// certificate, errc::event_loop_unavailable.
    explicit fake_google(asio::any_io_executor executor, fake_google_options options = {});
    template <execution_context Context>
    explicit fake_google(Context& context, fake_google_options options = {})
        : fake_google(asio::any_io_executor(context.get_executor()), std::move(options))
    {
    }
    fake_google(fake_google&&) noexcept;
    fake_google& operator=(fake_google&&) noexcept;
    ~fake_google();

    /// Returns "http://127.0.0.1:4711", or with TLS "https://localhost:4711".
    [[nodiscard]] std::string url() const;
    /// Returns the URL of `google_endpoint::token`.
    [[nodiscard]] std::string token_url() const;
    /// Returns the URL of `google_endpoint::sts`.
    [[nodiscard]] std::string sts_url() const;
    /// Returns the URL of `google_endpoint::impersonation` for the account of
    /// `service_account_file()`.
    [[nodiscard]] std::string impersonation_url() const;
    /// Returns the URL of `google_endpoint::subject`. It requires the `Authorization` header that
    /// `external_account_file` contains.
    [[nodiscard]] std::string subject_url() const;
    /// Returns the value for the variable GCE_METADATA_HOST: "127.0.0.1:4712". Unencrypted.
    [[nodiscard]] std::string metadata_host() const;

    /// Returns the text of a service account's file, for `GOOGLE_APPLICATION_CREDENTIALS`, with the
    /// URLs of this server.
    [[nodiscard]] std::string service_account_file() const;
    /// Returns the text of a user's file, as gcloud writes it at a login, with the URLs of this
    /// server. Unlike Google's it has a `token_uri`.
    [[nodiscard]] std::string authorized_user_file() const;
    /// Returns the text of an external account's file (workload identity federation), with the URLs
    /// of this server.
    [[nodiscard]] std::string external_account_file(const external_account_kind& kind = {}) const;
    /// Returns the text of a file by which the user of `authorized_user_file()` impersonates the
    /// service account of `service_account_file()`.
    [[nodiscard]] std::string impersonated_service_account_file() const;
    /// Returns a token for the file that `external_account_kind::file` names, with `json` as the
    /// member "id_token" of an object. Valid for an hour.
    [[nodiscard]] std::string subject_token() const;

    /// Plans the outcome of the next `times` requests, after those planned earlier.
    void next(google_endpoint endpoint, google_outcome outcome, std::size_t times = 1);
    /// Sets the outcome of all requests for which none is planned. Replaces an earlier one.
    void otherwise(google_endpoint endpoint, google_outcome outcome);

    /// Returns a new access token, as from the token endpoint, for a program that is given its
    /// token.
    [[nodiscard]] std::string issue();
    /// Returns the number of requests received so far, whatever their outcome.
    [[nodiscard]] std::size_t requests(google_endpoint endpoint) const;
    /// Returns the tokens issued so far, oldest first; the latest thousand.
    [[nodiscard]] std::vector<google_token> issued() const;
    /// Returns whether Vertex AI accepts a bearer token, now or at the time `at`: an access token
    /// issued here, neither expired nor revoked, or a JWT that the service account has signed.
    [[nodiscard]] bool valid(std::string_view bearer) const;
    [[nodiscard]] bool valid(std::string_view bearer, time_point at) const;
    /// Revokes all access tokens issued so far. JWTs remain valid.
    void revoke_tokens();
    /// Refuses the user's refresh token from now on: "Token has been expired or revoked."
    void log_user_out();

    /// Stops listening, and disconnects clients that wait for an answer. Takes effect on the
    /// strand, perhaps after the call. Idempotent.
    void close() noexcept;

private:
    class [[gnu::visibility("hidden")]] impl;
    std::unique_ptr<impl> impl_;
};

} // namespace gemini::live::testing
#pragma GCC visibility pop
