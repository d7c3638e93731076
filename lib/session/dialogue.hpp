// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/messages.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace gemini::live::sessions {

/// Follows what both sides say: whose turn it is, which function calls are open, what has been said
/// since the newest handle. Pure.
class dialogue {
public:
    /// `waits_for` tells of which functions the model awaits the response, by name.
    explicit dialogue(std::function<bool(const std::string&)> waits_for)
        : waits_for_(std::move(waits_for))
    {
    }

    /// True when the model has begun an answer with this message.
    bool heard(const server_message& message);
    /// A durable message has been given to the connection; `asks`: it wants an answer.
    void told(bool asks) noexcept;
    /// The user has answered these calls; some of them go on.
    void responded(const std::vector<std::string>& calls, const std::vector<std::string>& going_on);
    enum class forgets { nothing, since_handle, everything };
    /// The connection has gone, and with it the turn; the server forgets so much. Gives the calls
    /// among that.
    std::vector<std::string> lost(forgets how_much);

    /// None of these calls is known to the server any more.
    [[nodiscard]] bool has_forgotten(const std::vector<std::string>& calls) const;

    /// What has been said so far counts no more.
    void begin_anew() noexcept { begun_ = false; }

    /// Anything has been said or sent.
    [[nodiscard]] bool has_begun() const noexcept { return begun_; }
    /// Something has been sent or said since the last turn ended.
    [[nodiscard]] bool in_turn() const noexcept { return open_ || asked_; }
    /// The model has begun to answer, and has not come to an end.
    [[nodiscard]] bool answering() const noexcept { return answering_; }
    /// A function that the model waits for is being called.
    [[nodiscard]] bool is_waited_for() const noexcept;
    /// Nobody speaks, the model waits for nothing, and the newest handle holds all of it.
    [[nodiscard]] bool at_rest() const noexcept
    {
        return !in_turn() && open_calls_.empty() && fresh_handle_;
    }

private:
    bool begun_ = false;
    bool asked_ = false;     ///< Something wants an answer that has not begun.
    bool open_ = false;      ///< The server is in the middle of a turn.
    bool answering_ = false; ///< So is the model.
    bool cut_in_ = false;    ///< The user has interrupted a turn whose end is to come.
    bool fresh_handle_ = false;
    struct call {
        std::string id;
        bool is_waited_for;
    };
    void close(const std::vector<std::string>& ids);

    std::function<bool(const std::string&)> waits_for_;
    std::vector<call> open_calls_;
    std::vector<std::string> calls_since_handle_;
    std::vector<std::string> calls_in_handle_;
    std::vector<std::string> forgotten_;
};

} // namespace gemini::live::sessions
