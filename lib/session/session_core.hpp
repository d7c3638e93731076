// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session/client_core.hpp"
#include "session/conversation.hpp"
#include "session/inbox.hpp"
#include "session/turn_collector.hpp"
#include "transport/transport.hpp"
#include "transport/wakeup.hpp"

#include <gemini/live/session.hpp>

#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace gemini::live {

/// A session behind its handle: what the user's calls touch (under a lock, from any thread), and
/// the coroutines that work for them on the connector's executor. `run` connects, sets up, changes
/// connections and reconnects as the conversation decides; `pump` reads one connection; `write`
/// sends what waits whenever a connection is open.
class session_core : public std::enable_shared_from_this<session_core> {
public:
    session_core(std::shared_ptr<client_core> client, live::setup setup,
        protocol::method method = protocol::method::generate_content, std::string name = {});

    /// What a connection after the first is told before all that waits, where the service keeps
    /// nothing across connections.
    std::function<std::vector<base::frame>()> restate{};

    using self_ptr = std::shared_ptr<session_core>;

    // From any thread ----------------------------------------------------------------------
    static asio::awaitable<void> connect(self_ptr self);
    static asio::awaitable<void> accept(self_ptr self, sessions::outgoing message);
    /// The next `session_event`, or the next `server_message` alone.
    template <class Element>
    static asio::awaitable<std::optional<Element>> next(self_ptr self);
    static asio::awaitable<turn> next_turn(self_ptr self);
    static asio::awaitable<void> stop_speaking(self_ptr self);
    static asio::awaitable<void> drain(self_ptr self);
    static asio::awaitable<void> close(self_ptr self);
    /// The owner has gone: ends everything without waiting.
    void abandon() noexcept;

    [[nodiscard]] live::status status() const noexcept { return status_; }
    [[nodiscard]] const live::setup& setup() const noexcept { return setup_; }
    [[nodiscard]] const model_quirks& quirks() const noexcept { return quirks_; }
    /// Whether the model awaits the response of the function of this name.
    [[nodiscard]] bool waits_for(const std::string& function) const { return waits_for_(function); }
    [[nodiscard]] bool lints() const noexcept { return client_->options.lint; }
    [[nodiscard]] live::flavour flavour() const noexcept { return client_->addressing().flavour; }
    [[nodiscard]] bool keeps_history() const noexcept { return conversation_.keeps_history(); }
    /// What stops the model, in the order in which it is to be sent.
    [[nodiscard]] std::vector<sessions::outgoing> stop_messages() const;
    [[nodiscard]] std::string resumption_handle();
    [[nodiscard]] std::optional<usage_metadata> usage();
    [[nodiscard]] live::counters counters();

private:
    using link_ptr = std::shared_ptr<transport::connection>;
    using ending_ptr = std::shared_ptr<std::exception_ptr>;
    class ticket;
    class watcher;
    class reader_slot;

    // On the connector's executor ----------------------------------------------------------
    static asio::awaitable<void> run(self_ptr self);
    static asio::awaitable<void> write(self_ptr self);
    static asio::awaitable<void> pump(self_ptr self, link_ptr link, ending_ptr end);
    static asio::awaitable<void> dial_ahead(self_ptr self, link_ptr present);
    static asio::awaitable<void> say_goodbye(link_ptr link, std::uint16_t code);
    static asio::awaitable<void> save_handle(self_ptr self);
    asio::awaitable<void> store_handle(std::string handle);
    [[nodiscard]] std::optional<std::string> handle_to_save();
    asio::awaitable<void> recall();
    asio::awaitable<void> converse();
    asio::awaitable<link_ptr> dial();
    asio::awaitable<void> set_up(link_ptr link);
    asio::awaitable<link_ptr> attend(link_ptr link);
    [[nodiscard]] bool is_closing();
    [[nodiscard]] error without_secrets(const error& failure);
    asio::awaitable<std::optional<sessions::time_point>> recover(error failure);
    asio::awaitable<void> consult(status_change& change);
    /// What has come in one message.
    struct incoming {
        std::variant<server_message, malformed_message> what;
        std::size_t size;
        sessions::conversation::signs with;
    };
    [[nodiscard]] incoming decode(transport::message received) const;
    [[nodiscard]] incoming decode_or_part(const link_ptr& link, transport::message received);
    asio::awaitable<std::vector<incoming>> await_setup_complete(link_ptr link);
    void tell_of(std::vector<omitted_member> omitted, bool in_turn);
    [[nodiscard]] bool has_room(const link_ptr& link);
    void hold_up(bool on);

    void start();
    void begin_close();
    void part(link_ptr link, std::uint16_t code);
    void keep_handle();
    void ask_for_pong(const link_ptr& link);
    void deliver(incoming received);
    void deliver(server_message message, std::size_t size, sessions::conversation::signs with);
    void finish();
    void fail(std::exception_ptr why);

    // With the lock held -------------------------------------------------------------------
    void announce(status_change change);
    void push(session_event event, sessions::turn_mark mark = {});
    void begin();
    [[nodiscard]] std::optional<turn> collect();
    void end(std::exception_ptr why);
    void check_open() const;
    /// Something that waited has been sent or dropped: there may be room, and nothing left to
    /// drain.
    void notify();

    static asio::awaitable<void> until(self_ptr self, std::function<bool()> done);

    const std::shared_ptr<client_core> client_;
    const live::setup setup_;
    const model_quirks quirks_;
    const protocol::method method_;
    const std::function<bool(const std::string&)> waits_for_;
    const std::string name_; // of the conversation, in the store
    std::atomic<live::status> status_ = live::status::disconnected;
    std::atomic<bool> reading_ = false;

    std::mutex mutex_; // guards what follows, up to `open_`
    sessions::conversation conversation_;
    sessions::inbox inbox_;
    sessions::turn_collector collector_;
    std::uint64_t stale_ = 0; // messages dropped by `skip_stale_audio`
    bool ended_ = false;
    bool closing_ = false;
    bool recalled_ = false; // what the store knew
    std::exception_ptr
        end_; // what the reader and senders get thrown after the end; null after an orderly close
    std::vector<transport::wakeup*>
        senders_; // wait for room in the outbox, first come first served
    std::vector<transport::wakeup*> watchers_; // wait for any other change
    link_ptr open_;   // the connection to write to, once its setup is complete
    link_ptr failed_; // the one that could not be written to, until it has been read to its end

    // On the connector's executor only.
    live::setup next_setup_; // as the user's hook wants it
    std::string base_url_;   // so, too; empty: that of the options
    link_ptr link_;          // the present connection, from its upgrade on
    link_ptr spare_;         // the one that is to follow at a goAway
    link_ptr last_link_;     // the one that close() closes
    int partings_ = 0;       // connections whose end the server has not confirmed yet
    bool has_run_ = false;
    bool dialling_ahead_ = false;
    bool saving_ = false;
    std::string saved_handle_;                 // or tried to; empty: the store is to have none
    std::optional<std::string> stored_handle_; // as far as is known; empty: the store had none
    bool is_displaced_ = false;                // another owner has saved since
    asio::cancellation_signal stop_;
    asio::cancellation_signal stop_dialling_;
    transport::wakeup attention_;

    transport::wakeup reader_;
    transport::wakeup reader_took_;
    transport::wakeup writer_;
};

} // namespace gemini::live
