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

#pragma GCC visibility push(default)
namespace gemini::live::testing {

class fake_google;

/// The certificate of a server and the key that belongs to it.
struct tls_identity {
    std::string certificate_pem;       ///< The certificate, or a chain that begins with it, in PEM.
    std::string private_key_pem;       ///< In PEM, without a passphrase.
    gcc12_guard<tls_identity> guard{}; ///< Not to be touched.

    /// Makes a self-signed certificate for localhost, 127.0.0.1, ::1 and `host_names`, valid for a
    /// day. A client trusts it by `tls_options::ca_pem`. Throws errc::invalid_argument for a name
    /// that is not a host name.
    [[nodiscard]] static tls_identity self_signed(const std::vector<std::string>& host_names = {});
};

/// The upgrade request of a client, as received.
struct emulator_request {
    std::string path;                                         ///< Without the query.
    std::string query;                                        ///< Without the question mark.
    std::vector<std::pair<std::string, std::string>> headers; ///< Names in lower case.

    /// Returns the value of the first header with this name, in lower case; empty if there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Who sent an `emulator_message`.
enum class message_sender {
    client, ///< The program under test.
    server  ///< The emulator.
};

/// A message as it crossed a connection.
struct emulator_message {
    std::size_t client = 0; ///< The client's number, from 1, in the order of arrival.
    message_sender from = message_sender::client; ///< Who sent it.
    std::string_view text{};                      ///< Valid during the call.
};

/// The answer to an upgrade request.
struct emulator_verdict {
    int status = 101; ///< 101 accepts; any other HTTP status refuses.
    /// Fields to add to the response.
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{}; ///< Of a refusal.
};

/// One client of the emulator, as `emulator_options::behavior` sees it.
class emulator_peer {
public:
    emulator_peer() = default;
    emulator_peer(const emulator_peer&) = delete;
    emulator_peer& operator=(const emulator_peer&) = delete;
    virtual ~emulator_peer() = default;

    /// Returns the client's upgrade request. Valid as long as this peer.
    [[nodiscard]] virtual const emulator_request& request() const noexcept = 0;
    /// Returns the client's next message; nothing after the end of the connection. A message of
    /// more than 16 MiB ends it (1009).
    ///
    /// Completion: when a message has arrived, or the connection has ended.
    /// Errors: none.
    /// Cancellation: no message is lost.
    /// Threads: on the executor of the behavior; one call at a time, beside one `send` or
    /// `send_text`.
    virtual asio::awaitable<std::optional<std::string>> receive() = 0;
    /// Sends one message, unchanged, in a binary frame, as the service does.
    ///
    /// Completion: when the operating system has accepted the last byte.
    /// Errors: what ended the connection. errc::connection_lost if the client closed it or is gone;
    /// errc::closed if this side did, also by `emulator::drop_all`; errc::message_too_big or
    /// errc::protocol_violation for a message of the client.
    /// Cancellation: the message is sent whole or not at all.
    /// Threads: on the executor of the behavior; one call of `send` or `send_text` at a time,
    /// beside one `receive`.
    virtual asio::awaitable<void> send(std::string message) = 0;
    /// Sends one message, unchanged, in a text frame.
    ///
    /// Completion, errors, cancellation, threads: as `send`.
    virtual asio::awaitable<void> send_text(std::string message) = 0;
    /// Closes the connection. What is not sent yet and what is not read yet are dropped. The reason
    /// is cut to 123 bytes.
    ///
    /// Completion: when the client has answered, after 5 s without an answer, or at once if the
    /// connection has ended or another call is closing it.
    /// Errors: none.
    /// Cancellation: ends the wait; the connection closes nevertheless.
    /// Threads: on the executor of the behavior; any time.
    virtual asio::awaitable<void> close(std::uint16_t code, std::string reason) = 0;
    /// Cuts the connection at once, without a close frame.
    ///
    /// Threads: on the executor of the behavior; any time.
    virtual void drop() noexcept = 0;
};

/// Behaviors that the service shows with some models and not with others. Each member turns one on
/// or off; absent: like the model of the setup. docs/emulator_quirks.md says which were recorded
/// from the service and which are assumed.
struct emulator_quirks {
    /// Sends resumption handles whether or not the setup requests them, and many: after the setup,
    /// at the start of a turn, after a tool response, four or five before the end of a turn, one
    /// after it.
    std::optional<bool> unasked_handles{};
    /// Transcribes both directions although the setup does not request it.
    std::optional<bool> unasked_transcriptions{};
    /// Sends `"serverContent": {}` after the setup and around turns.
    std::optional<bool> empty_content{};
    /// Sends words and audio in one message, some with several parts, and omits the role.
    std::optional<bool> merged_transcriptions{};
    /// Ends a turn together with its function call, before the response.
    std::optional<bool> turn_ends_with_call{};
    /// Ends turns with an empty `groundingMetadata`.
    std::optional<bool> empty_grounding{};
    /// Ends an answer with a transcription that is `finished` and has no text.
    std::optional<bool> finished_alone{};
    /// Sends the last words of an answer after the end of its turn.
    std::optional<bool> trailing_transcription{};
    /// Ends an interrupted turn only after the next answer has begun.
    std::optional<bool> late_interrupted_end{};
    /// Sends audio in pieces of 40 to 560 ms, the first of an answer a single sample.
    std::optional<bool> uneven_sound{};
    /// Adds an unreadable member to each message: a number in place of an object, or a duration in
    /// an unknown form.
    std::optional<bool> odd_members{};
    /// Cancels the open blocking calls when the user says something new.
    std::optional<bool> cancels_blocking_calls{};
    /// Refuses turns with a role other than "user" and "model".
    std::optional<bool> refuses_other_roles{};
    /// Refuses turns without a role.
    std::optional<bool> refuses_omitted_roles{};
    /// With manual activity marks, the first mark after an answer interrupts an empty turn.
    std::optional<bool> empty_turn_at_late_activity{};

    /// Returns the behaviors of `model`, with every member set. Throws errc::invalid_argument for a
    /// model that the emulator does not serve.
    [[nodiscard]] static emulator_quirks of(
        std::string_view model, live::backend backend = live::backend::gemini_api);
    /// Returns every behavior turned off.
    [[nodiscard]] static emulator_quirks none();
};

/// How an emulator listens, what it accepts and how it behaves. Its functions are called on the
/// emulator's strand, and must not block.
struct emulator_options {
    /// The IP address to listen on. One that is not loopback needs `allow_remote`.
    std::string address{"127.0.0.1"};
    std::uint16_t port = 0; ///< 0: any free one; see `emulator::port()`.
    /// Serves other machines too, by any `Host`.
    bool allow_remote = false;
    /// Further names by which clients may address this machine (`Host`), besides those of loopback.
    /// Not needed with `allow_remote`.
    std::vector<std::string> host_names{};
    /// Web pages to serve: what browsers send as `Origin`, "https://example.com"; "*" for any.
    /// Empty: none.
    std::vector<std::string> origins{};
    std::optional<tls_identity> tls{}; ///< Absent: plain.
    double pace = 1.0; ///< Scales the pauses in answers and replays: 1 like a model's, 0 none.
    /// How long a connection lives after setupComplete; zero: forever. goAway is sent `notice`
    /// before the end. A client that stays is disconnected (1008). For Live sessions of the default
    /// persona.
    std::chrono::milliseconds lifetime{0};
    /// How long before the end of `lifetime` goAway is sent.
    std::chrono::milliseconds notice{50'000};
    /// Other names of models, such as retired ones, each with the model that it stands for.
    std::map<std::string, std::string, std::less<>> model_aliases{};
    /// Accepts any model. An unknown one speaks and writes, as `gemini-emulator-text` does.
    bool any_model = false;
    /// Turns single behaviors of the service on or off, whatever the model.
    emulator_quirks quirks{};
    std::string api_key{}; ///< The only key accepted; empty: any key.
    /// Also accepts ephemeral tokens that it has not issued: any, without constraints, forever.
    bool trusts_any_token = false;
    /// On Vertex AI, accepts only access tokens that this has issued, while they are valid; refuses
    /// others with 401. API keys are not affected. Absent: accepts any.
    std::shared_ptr<const fake_google> google{};
    /// The time for ephemeral tokens. Absent: the system's.
    std::function<std::chrono::system_clock::time_point()> clock{};
    /// Decides on an upgrade that has passed the emulator's own checks. An exception refuses with
    /// 500. Absent: accepts.
    std::function<emulator_verdict(const emulator_request&)> on_upgrade{};
    /// What happens to each connection, step by step, as JSON lines; docs/testing.md has the form.
    /// Connections without steps have the `behavior`. The constructor throws errc::invalid_argument
    /// for an invalid script, with the line.
    std::string script{};
    /// A recording of a `wire_tap`, in place of `script`. Its server's side is played to the
    /// clients, connection by connection, with the recorded pauses times `pace`. Each message waits
    /// for the client's messages that preceded it, which are recognized by their kind.
    std::string replay{};
    /// Serves one client. When it returns, the connection closes with 1000. When it throws, the
    /// connection closes with 1011 and the exception's text. A std::system_error, such as a
    /// `live::error`, is taken for the end of the client instead. Absent: the default persona,
    /// which validates messages as the service does and holds a conversation.
    std::function<asio::awaitable<void>(emulator_peer&)> behavior{};
    /// Receives every message in both directions.
    std::function<void(const emulator_message&)> on_message{};
    /// Receives what happens to connections, in sentences without secrets: "Client 2 has come: …".
    std::function<void(std::string_view)> on_event{};
    gcc12_guard<emulator_options> guard{}; ///< Not to be touched.
};

/// A Live API server on this machine. Listens from construction until `close()` or destruction.
///
/// Threads: it works on a strand of its executor. Members may be called from any thread, but not
/// during a move or its destruction.
/// Lifetime: destroy it before its execution context.
class emulator {
public:
    /// Begins to listen. Throws errc::connect_failed if it cannot, errc::invalid_argument for
    /// options that cannot work, errc::tls_failed for an unusable certificate,
    /// errc::event_loop_unavailable.
    explicit emulator(asio::any_io_executor executor, emulator_options options = {});
    template <execution_context Context>
    explicit emulator(Context& context, emulator_options options = {})
        : emulator(asio::any_io_executor(context.get_executor()), std::move(options))
    {
    }
    emulator(emulator&&) noexcept;
    emulator& operator=(emulator&&) noexcept;
    ~emulator();

    /// Returns the port on which it listens.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Returns the value for `client_options::base_url`: "http://127.0.0.1:4711", or with TLS
    /// "https://localhost:4711".
    [[nodiscard]] std::string url() const;
    /// Returns the number of upgrades accepted so far.
    [[nodiscard]] std::size_t accepted() const noexcept;
    /// Returns the number of clients that are connected now.
    [[nodiscard]] std::size_t connected() const noexcept;
    /// Returns the first failure: what the script (or the replay) expected of a client and what
    /// came instead, or what `behavior` threw, except a std::system_error. Empty if there was none.
    /// A client that disconnects before it has done what is expected has failed.
    [[nodiscard]] std::string failure() const;
    /// Waits for the end of the script. Several calls may wait.
    ///
    /// Completion: when every connection of the script (or the replay) has come and gone; without
    /// one, when the first client has gone. Also after `close()`.
    /// Errors: none.
    /// Cancellation: ends the wait.
    /// Threads: any.
    [[nodiscard]] asio::awaitable<void> finished();
    /// Disconnects every client without a close frame, and continues to listen. Takes effect on the
    /// strand, after the call.
    void drop_all() noexcept;
    /// Stops listening, and disconnects every client without a close frame. Takes effect on the
    /// strand, after the call. Idempotent.
    void close() noexcept;

private:
    class [[gnu::visibility("hidden")]] impl;
    std::shared_ptr<impl> impl_;
};

} // namespace gemini::live::testing
#pragma GCC visibility pop
