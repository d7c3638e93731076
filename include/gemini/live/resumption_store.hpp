// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gemini::live {

/// How long the service takes a handle after its session has ended.
inline constexpr std::chrono::hours resumption_handle_life{2};

/// With what a conversation is taken up again, by this process or another.
class resumption_record {
public:
    using time_point = std::chrono::system_clock::time_point;

    resumption_record() = default;
    resumption_record(std::string handle_, time_point time_, std::string model_)
        : handle(std::move(handle_)), time(time_), model(std::move(model_))
    {
    }

    std::string handle{}; ///< A secret: who has it hears the conversation.
    time_point time{};    ///< When it came.
    std::string model{};  ///< Whose handle it is; another model refuses it.

    /// For stores that keep bytes: JSON on one line, time in milliseconds.
    [[nodiscard]] std::string text() const;
    /// Throws errc::storage_failed for what `text()` has not written.
    [[nodiscard]] static resumption_record parse(std::string_view text);

    friend bool operator==(const resumption_record&, const resumption_record&) = default;
};

/// Keeps the newest handle of each conversation, by a name that the program gives: any text that is
/// not empty. One record each, the last saved wins. Derive from it to keep them elsewhere; on
/// Redis, `save` is `SET name text PX life`, `load` is `GET`, `erase` is `DEL`.
///
/// Two owners of one name, such as a process that was taken for dead and its successor, are kept
/// apart by `replace` and `erase_if`: a session changes a record only while it holds the handle
/// that this session put there or found there. Who comes too late leaves the record to the other,
/// and logs a warning.
///
/// Called on the executor of the session it works for, by several sessions at once. A session
/// waits for `load` as long as it takes, or until it is closed, which cancels the wait; it does not
/// wait for the others. What a store throws should be a `live::error` of errc::storage_failed,
/// without the handle.
class resumption_store {
public:
    resumption_store() = default;
    resumption_store(const resumption_store&) = delete;
    resumption_store& operator=(const resumption_store&) = delete;
    virtual ~resumption_store() = default;

    /// Nothing when there is no record, or its life is over.
    [[nodiscard]] virtual asio::awaitable<std::optional<resumption_record>> load(
        std::string name) = 0;
    /// May be forgotten `life` after `record.time`.
    [[nodiscard]] virtual asio::awaitable<void> save(std::string name, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) = 0;
    /// No error when there is none.
    [[nodiscard]] virtual asio::awaitable<void> erase(std::string name) = 0;

    /// Saves in one step with the comparison: only while the present record has the handle
    /// `expected`, or, for an empty one, while there is no record whose life goes on. False: it was
    /// another, and stays. Unless overridden, it saves whatever is there, and returns true: the
    /// last saved wins.
    [[nodiscard]] virtual asio::awaitable<bool> replace(std::string name, std::string expected,
        resumption_record record, std::chrono::milliseconds life = resumption_handle_life);
    /// Erases in one step with the comparison: only while the present record has this handle.
    /// False: it has another, which stays. Unless overridden, it erases whatever is there.
    [[nodiscard]] virtual asio::awaitable<bool> erase_if(std::string name, std::string handle);
};

/// Tells the time to a store; absent: the system's clock.
using resumption_clock = std::function<resumption_record::time_point()>;

/// Keeps records in memory: for tests, and to go on with a conversation in a new session of the
/// same process. Forgets those whose life is over. Threads: any.
class memory_resumption_store final : public resumption_store {
public:
    explicit memory_resumption_store(resumption_clock clock = {});
    ~memory_resumption_store() override;

    asio::awaitable<std::optional<resumption_record>> load(std::string name) override;
    asio::awaitable<void> save(std::string name, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<void> erase(std::string name) override;
    asio::awaitable<bool> replace(std::string name, std::string expected, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<bool> erase_if(std::string name, std::string handle) override;

    [[nodiscard]] std::size_t size() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Keeps each record in a file of its own that only this user can read (mode 0600), in one
/// directory; a reader of any process finds the old record or the new one, never half of one. The
/// file of "caller 7" is "caller%207.json". Files whose life is over are removed when the store is
/// made and from time to time.
///
/// Small blocking calls of the file system are made in place. Threads: any; several processes may
/// share a directory: `replace` and `erase_if` hold a lock on the file ".lock" in it, which must be
/// on a file system with flock(). Throws errc::storage_failed, naming the file;
/// errc::invalid_argument for a name that is empty or makes a file name of more than 255 bytes.
class file_resumption_store final : public resumption_store {
public:
    /// Makes the directory (mode 0700) where it is missing.
    explicit file_resumption_store(std::filesystem::path directory, resumption_clock clock = {});
    ~file_resumption_store() override;

    asio::awaitable<std::optional<resumption_record>> load(std::string name) override;
    asio::awaitable<void> save(std::string name, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<void> erase(std::string name) override;
    asio::awaitable<bool> replace(std::string name, std::string expected, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<bool> erase_if(std::string name, std::string handle) override;

    /// Where the record of this name is, or would be.
    [[nodiscard]] std::filesystem::path path_of(std::string_view name) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gemini::live
