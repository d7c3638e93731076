// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fifo.hpp"
#include "session/client_core.hpp"
#include "session/machine.hpp"
#include "session/outbox.hpp"
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
#include <vector>

namespace gemini::live {

/// A session behind its handle: what the user's calls touch (under a lock, from any thread), and
/// the two coroutines that work for them on the connector's executor: `run` connects, sets up,
/// reads and reconnects as the machine decides; `write` sends what waits in the outbox whenever a
/// connection is open.
class session_core : public std::enable_shared_from_this<session_core> {
public:
    session_core(std::shared_ptr<client_core> client, live::setup setup,
        protocol::method method = protocol::method::generate_content);

    /// What a connection after the first is told before all that waits, where the service keeps
    /// nothing across connections.
    std::function<std::vector<base::frame>()> restate{};

    using self_ptr = std::shared_ptr<session_core>;

    // From any thread ----------------------------------------------------------------------
    static asio::awaitable<void> connect(self_ptr self);
    static asio::awaitable<void> accept(self_ptr self, base::frame message, sessions::worth kind);
    /// The next `session_event`, or the next `server_message` alone.
    template <class Element>
    static asio::awaitable<std::optional<Element>> next(self_ptr self);
    static asio::awaitable<void> drain(self_ptr self);
    static asio::awaitable<void> close(self_ptr self);
    /// The owner has gone: ends everything without waiting.
    void abandon() noexcept;

    [[nodiscard]] live::status status() const noexcept { return status_; }
    [[nodiscard]] const live::setup& setup() const noexcept { return setup_; }
    [[nodiscard]] live::flavour flavour() const noexcept { return client_->addressing().flavour; }

private:
    using link_ptr = std::shared_ptr<transport::connection>;
    class ticket;
    class watcher;
    class reader_slot;

    // On the connector's executor ----------------------------------------------------------
    static asio::awaitable<void> run(self_ptr self);
    static asio::awaitable<void> write(self_ptr self);
    static asio::awaitable<void> say_goodbye(self_ptr self, link_ptr link);
    asio::awaitable<void> converse();
    asio::awaitable<void> set_up(link_ptr link);
    asio::awaitable<void> read(link_ptr link);
    std::optional<server_message> decode(base::padded_buffer text);
    [[nodiscard]] bool has_room();

    void start();
    void begin_close();
    void deliver(server_message message, std::size_t size);
    /// After a connection's end: the wait before the next, or nothing when there is to be none.
    std::optional<sessions::time_point> after_loss(const error& failure);
    void finish();
    void fail(std::exception_ptr why);

    // With the lock held -------------------------------------------------------------------
    void announce(status_change change);
    void push(session_event event, std::size_t size);
    template <class Element>
    std::optional<Element> take();
    void end(std::exception_ptr why);
    void check_open() const;
    void notify();
    void drop_stale();

    static asio::awaitable<void> until(self_ptr self, std::function<bool()> done);

    struct queued {
        session_event event;
        std::size_t size;
    };

    const std::shared_ptr<client_core> client_;
    const live::setup setup_;
    const protocol::method method_;
    std::atomic<live::status> status_ = live::status::disconnected;
    std::atomic<bool> reading_ = false;

    std::mutex mutex_; // guards all that follows but for `link_` and `stop_`
    sessions::machine machine_;
    sessions::outbox outbox_;
    std::size_t dropped_ = 0;   // perishable messages, since the last connection
    std::size_t replayed_ = 0;  // messages sent to it that go to the next one again
    std::size_t uncertain_ = 0; // durable messages that may not have arrived, since then
    bool turn_open_ = false;    // something has been sent or said since the last turn ended
    bool answering_ = false;    // something has been said since then
    base::fifo<queued> inbox_;
    std::size_t inbox_bytes_ = 0;
    bool ended_ = false;
    bool closing_ = false;
    std::exception_ptr
        end_; // what the reader and senders get thrown after the end; null after an orderly close
    std::vector<transport::wakeup*>
        senders_; // wait for room in the outbox, first come first served
    std::vector<transport::wakeup*> watchers_; // wait for any other change
    link_ptr open_; // the connection to write to, once its setup is complete

    link_ptr link_; // the present connection, from its upgrade on
    asio::cancellation_signal stop_;
    transport::wakeup reader_;
    transport::wakeup reader_took_;
    transport::wakeup writer_;
};

} // namespace gemini::live
