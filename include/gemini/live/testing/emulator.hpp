// SPDX-License-Identifier: Apache-2.0
/// A Live API server on loopback, for samples and for the tests of programs that use the Live API.
#pragma once

#include <gemini/live/backend.hpp>
#include <gemini/live/execution_context.hpp>
#include <gemini/live/gcc12_guard.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gemini::live::testing {

class fake_google;

/// A certificate and its key, both in PEM.
struct tls_identity {
    std::string certificate_pem;
    std::string private_key_pem;
    gcc12_guard<tls_identity> guard{}; ///< Not to be touched.

    /// Makes a self-signed certificate for localhost, 127.0.0.1 and ::1, and for `host_names`,
    /// valid for a day. Trust it by `tls_options::ca_pem`. Throws errc::invalid_argument for what
    /// is no host name.
    [[nodiscard]] static tls_identity self_signed(const std::vector<std::string>& host_names = {});
};

/// The upgrade request of a client, as it came.
struct emulator_request {
    std::string path; ///< Without the query.
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers; ///< Names in lower case.

    [[nodiscard]] std::string_view header(
        std::string_view name) const noexcept; ///< Empty when absent.
};

/// Whose message an `emulator_message` is.
enum class message_sender { client, server };

/// A message as it went over a connection.
struct emulator_message {
    std::size_t client = 0; ///< The client's number, from 1, in the order of their coming.
    message_sender from = message_sender::client;
    std::string_view text{}; ///< Valid during the call.
};

/// How the emulator answers an upgrade: 101 accepts it.
struct emulator_verdict {
    int status = 101;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};

/// One client of the emulator, as a behavior sees it.
class emulator_peer {
public:
    emulator_peer() = default;
    emulator_peer(const emulator_peer&) = delete;
    emulator_peer& operator=(const emulator_peer&) = delete;
    virtual ~emulator_peer() = default;

    [[nodiscard]] virtual const emulator_request& request() const noexcept = 0;
    /// The client's next message; nothing once it has closed or gone.
    virtual asio::awaitable<std::optional<std::string>> receive() = 0;
    /// Sends one message in a binary frame, as the service does.
    virtual asio::awaitable<void> send(std::string message) = 0;
    /// Sends one message in a text frame.
    virtual asio::awaitable<void> send_text(std::string message) = 0;
    virtual asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
    /// Cuts the connection without a close frame.
    virtual void drop() noexcept = 0;
};

/// How the service behaves on some models and not on others. Each member switches one behavior on
/// or off; absent: as the model of the setup behaves. docs/emulator_quirks.md says what of this was
/// recorded of the service, and what is assumed.
struct emulator_quirks {
    /// Sends resumption handles whether or not the setup asks for them, and many: after the setup,
    /// at a turn's start, after a tool response, four or five before a turn's end, one after it.
    std::optional<bool> unasked_handles{};
    /// Transcribes in both directions although the setup does not ask for it.
    std::optional<bool> unasked_transcriptions{};
    /// Sends `"serverContent": {}` after the setup and around turns.
    std::optional<bool> empty_content{};
    /// Puts words and sound in one message, with several parts in some, and leaves out the role.
    std::optional<bool> merged_transcriptions{};
    /// Ends a turn with its function call, before the response.
    std::optional<bool> turn_ends_with_call{};
    /// Ends turns with an empty `groundingMetadata`.
    std::optional<bool> empty_grounding{};
    /// Ends what it says with a transcription that is `finished` and has no text.
    std::optional<bool> finished_alone{};
    /// Sends the last words of an answer after the end of its turn.
    std::optional<bool> trailing_transcription{};
    /// Ends an interrupted turn only after the next answer has begun.
    std::optional<bool> late_interrupted_end{};
    /// Sends sound in pieces of 40 to 560 ms, the first of an answer a single sample.
    std::optional<bool> uneven_sound{};
    /// Puts a member that cannot be read into each message: a number where an object is due, a
    /// duration in no known form.
    std::optional<bool> odd_members{};
    /// Cancels the blocking calls that are open when the user says something new.
    std::optional<bool> cancels_blocking_calls{};
    /// Refuses turns of other roles than "user" and "model".
    std::optional<bool> refuses_other_roles{};
    /// Refuses turns that name no role.
    std::optional<bool> refuses_omitted_roles{};
    /// Where the client marks its speech: the first mark after an answer interrupts an empty turn.
    std::optional<bool> empty_turn_at_late_activity{};

    /// How the emulator behaves as `model` when nothing is switched: every member is set.
    /// Throws errc::invalid_argument for a model that it does not serve.
    [[nodiscard]] static emulator_quirks of(
        std::string_view model, live::backend backend = live::backend::gemini_api);
    /// Every behavior switched off.
    [[nodiscard]] static emulator_quirks none();
};

struct emulator_options {
    std::string address{
        "127.0.0.1"}; ///< Another than a loopback address must be asked for with `allow_remote`.
    std::uint16_t port = 0; ///< 0: any free one; see `emulator::port()`.
    bool allow_remote = false;
    /// Names under which clients may look for this machine, besides those of loopback: what they
    /// send as `Host`.
    std::vector<std::string> host_names{};
    /// Web pages that are served: what browsers send as `Origin`, "https://example.com"; "*" for
    /// any. Absent: none.
    std::vector<std::string> origins{};
    std::optional<tls_identity> tls{}; ///< Absent: plain.
    double pace = 1.0; ///< Length of the pauses in an answer: 1 like a model's, 0 none.
    /// How long a connection lives; zero: for ever. `notice` before its end comes goAway, and who
    /// stays is sent away (1008). For the default persona.
    std::chrono::milliseconds lifetime{0};
    std::chrono::milliseconds notice{50'000};
    /// Other names of models, such as retired ones, each with the model that it stands for.
    std::map<std::string, std::string, std::less<>> model_aliases{};
    /// Takes any model: one that it does not know speaks and writes, as `gemini-emulator-text`
    /// does.
    bool any_model = false;
    /// Switches single behaviors of the service on or off, whatever the model.
    emulator_quirks quirks{};
    std::string api_key{}; ///< The only key taken; empty: any that is not empty.
    /// Takes ephemeral tokens that it has not issued, too: any, without constraints and for ever.
    bool trusts_any_token = false;
    /// On Vertex AI, takes no bearers but those that it has given out, as long as they are valid;
    /// others are refused with 401. Absent: any.
    std::shared_ptr<const fake_google> google{};
    /// What time it is for ephemeral tokens; absent: the system's.
    std::function<std::chrono::system_clock::time_point()> clock{};
    /// Decides on an upgrade after the emulator's own checks have passed; absent: accept.
    std::function<emulator_verdict(const emulator_request&)> on_upgrade{};
    /// What happens to each connection, step by step, as JSON lines: docs/testing.md has the form.
    /// Connections that it does not speak of are for `behavior`. A mistake in it makes the
    /// constructor throw errc::invalid_argument, naming the line.
    std::string script{};
    /// A recording of a `wire_tap`: its server's side is played to the clients, connection by
    /// connection, each message after those of the client that it followed, known by their kind;
    /// with the recorded pauses times `pace`. In place of a script, with the same rules.
    std::string replay{};
    /// Serves one client, and closes with 1000 when it returns, or with 1011 and what it throws.
    /// Absent: the default persona, which checks messages as the service does and holds a
    /// conversation.
    std::function<asio::awaitable<void>(emulator_peer&)> behavior{};
    /// Called for every message in either direction.
    std::function<void(const emulator_message&)> on_message{};
    /// Told of what happens to connections, in sentences without secrets: "Client 2 has come: …".
    std::function<void(std::string_view)> on_event{};
    gcc12_guard<emulator_options> guard{}; ///< Not to be touched.
};

/// The server. Listens from construction to `close()` or destruction.
/// Threads: on one executor's threads; a strand is made where it has several.
class emulator {
public:
    /// Throws `live::error` when it cannot listen.
    explicit emulator(asio::any_io_executor executor, emulator_options options = {});
    template <execution_context Context>
    explicit emulator(Context& context, emulator_options options = {})
        : emulator(asio::any_io_executor(context.get_executor()), std::move(options))
    {
    }
    emulator(emulator&&) noexcept;
    emulator& operator=(emulator&&) noexcept;
    ~emulator();

    [[nodiscard]] std::uint16_t port() const noexcept;
    /// "http://127.0.0.1:4711" or "https://localhost:4711": what to give as
    /// `client_options::base_url`.
    [[nodiscard]] std::string url() const;
    /// Number of upgrades accepted so far / of clients connected now.
    [[nodiscard]] std::size_t accepted() const noexcept;
    [[nodiscard]] std::size_t connected() const noexcept;
    /// What the script (or the replay) expected of a client and what came instead, or what
    /// `behavior` threw: the first of these. Empty when there was none. A client that goes before
    /// it has done what is expected counts. Any thread.
    [[nodiscard]] std::string failure() const;
    /// Completes once every connection that the script (or the replay) speaks of has come and gone;
    /// without one, once the first client has gone; and after `close()`. Several may wait.
    /// Cancellation: ends the wait.
    [[nodiscard]] asio::awaitable<void> finished();
    /// Drops every client without a close frame; goes on listening.
    void drop_all() noexcept;
    /// Stops listening and drops every client. Idempotent.
    void close() noexcept;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace gemini::live::testing
