// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace chat {

/// A server that says nothing for this long has forgotten the question.
inline constexpr std::chrono::seconds longest_silence{45};

/// Follows question and answer: what is waited for, what the user still wants to see, and when an
/// answer is over, however the server words or cuts it. Where its end may not come, `patience()` is
/// how long to wait for it. Pure, not thread-safe.
class exchange {
public:
    /// What a message of the server contains.
    struct message {
        bool speaks = false;      ///< Audio or written words of the model.
        bool transcribes = false; ///< Its transcribed words, which may come after the answer's end.
        bool calls = false;       ///< Functions of this program, which responds at once.
        bool interrupted = false;
        bool turn_complete = false; ///< Or the model waits for the user to say more.
        bool has_error = false;
    };

    enum class outcome {
        none,        ///< It continues.
        answered,    ///< The answer is complete.
        interrupted, ///< The user has cut in, and the server has stopped.
        empty,       ///< The model has said nothing.
        failed,      ///< The server has reported an error, or could not be understood.
        silent,      ///< The server has said nothing for `longest_silence`.
        cut,         ///< The connection was lost; nobody asks again.
        lost,        ///< The same, before the answer had begun.
        repeated,    ///< The answer was cut; the session asks again.
    };

    /// `patient`: the reader cannot tell late words from those of the next answer, so an answer is
    /// over only when nothing has followed its end for a moment.
    explicit exchange(bool patient) : patient_(patient) {}

    /// The user has sent something: the rest of the previous answer is unwanted.
    void ask() noexcept;
    /// The user wants no more of the answer, nor of what a model says about being stopped. Returns
    /// false when there is nothing to stop.
    bool stop() noexcept;

    outcome hear(const message& heard) noexcept;
    /// A message could not be read: it may have held the end.
    void hear_nonsense() noexcept;
    /// Nothing has arrived within `patience()`.
    outcome hear_silence() noexcept;

    enum class change {
        handover, ///< To a connection that was made while the old one served.
        loss,
    };
    /// The connection has changed; `ask_again` is that of `status_change`.
    outcome reconnect(change how, bool ask_again) noexcept;

    /// How long to wait for the next message while there is a connection; nothing means forever.
    [[nodiscard]] std::optional<std::chrono::milliseconds> patience() const noexcept;
    /// True while an answer is expected or in progress.
    [[nodiscard]] bool is_open() const noexcept
    {
        return waiting_ || begun_ || calling_ || doubt_.has_value();
    }
    /// True while the user waits for its first words.
    [[nodiscard]] bool is_waited_for() const noexcept { return waiting_; }
    /// True if what arrives now is not to be shown.
    [[nodiscard]] bool is_muted() const noexcept { return muted_; }
    /// True if there is something that the user may want to stop.
    [[nodiscard]] bool can_stop() const noexcept { return waiting_ || (is_open() && !muted_); }

private:
    void doubt(std::chrono::milliseconds wait, outcome then) noexcept;
    outcome end(outcome how) noexcept;
    outcome hear_end() noexcept;

    bool patient_;
    bool waiting_ = false;  ///< Waits for the first words of an answer.
    bool begun_ = false;    ///< Part of it has arrived, but not its end.
    bool muted_ = false;    ///< The answer that has begun is unwanted.
    bool stopped_ = false;  ///< The user wants to hear nothing before asking again.
    bool cut_in_ = false;   ///< The server has stopped an answer whose end has not arrived.
    bool calling_ = false;  ///< The turn has called functions.
    bool spoke_on_ = false; ///< Something was said since the calls.
    bool closed_ = false;   ///< That turn was closed: what arrives now answers the results.
    bool failed_ = false;   ///< An error was reported or a message was unreadable.
    /// The answer may be over: it is if nothing arrives within this time.
    std::optional<std::chrono::milliseconds> doubt_{};
    outcome then_ = outcome::none; ///< How the answer has ended in that case.
};

} // namespace chat
