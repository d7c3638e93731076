// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/named_session_test.cpp
#pragma once

#include "session/session_core.hpp"

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gemini::live {

/// Keeps the resumption handle of a named session in the program's store. Threads: the connector's
/// executor only.
class handle_keeper : public std::enable_shared_from_this<handle_keeper> {
public:
    explicit handle_keeper(std::shared_ptr<session_core> core);

    /// Looks up the handle of an earlier conversation of this name, once. Throws what the store
    /// throws, or errc::storage_failed.
    asio::awaitable<void> load();
    /// Saves the newest handle, or erases one that the server has refused. Works in the background.
    void save();
    /// Whether, as far as is known, the store holds a handle of this conversation.
    [[nodiscard]] bool has_saved() const noexcept { return !saved_.empty(); }

private:
    static asio::awaitable<void> run(std::shared_ptr<handle_keeper> self);
    asio::awaitable<void> store(std::string handle);
    [[nodiscard]] std::optional<std::string> handle_to_save();

    const std::shared_ptr<session_core> core_;
    const std::shared_ptr<resumption_store> store_; // null: nothing is kept
    bool has_loaded_ = false;
    bool is_saving_ = false;
    std::string saved_;                 // last saved, or tried; empty: the store is to have none
    std::optional<std::string> stored_; // as far as is known; empty: the store had none
    bool is_displaced_ = false;         // another owner has saved since
};

} // namespace gemini::live
