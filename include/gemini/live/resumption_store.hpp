// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/asio_check.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace gemini::live {

/// How long the service accepts a handle after its session has ended.
inline constexpr std::chrono::hours resumption_handle_life{2};

/// A saved resumption handle: lets this or another process resume the conversation.
class resumption_record {
public:
    /// A time of the system's clock.
    using time_point = std::chrono::system_clock::time_point;

    resumption_record() = default;
    resumption_record(std::string handle_, time_point time_, std::string model_)
        : handle(std::move(handle_)), time(time_), model(std::move(model_))
    {
    }

    std::string handle{}; ///< A secret: whoever has it can listen to the conversation.
    time_point time{};    ///< When the handle arrived.
    std::string
        model{}; ///< The model that the handle belongs to. A session with another one ignores it.

    /// Returns the record as JSON on one line, for stores that keep bytes. The time is in
    /// milliseconds.
    [[nodiscard]] std::string text() const;
    /// Parses what `text()` has returned. Throws errc::storage_failed for anything else.
    [[nodiscard]] static resumption_record parse(std::string_view text);

    friend bool operator==(const resumption_record&, const resumption_record&) = default;
};

/// Keeps the newest handle of each conversation, one record for each name. Names are the program's:
/// any text that is not empty. Derive from it to keep records elsewhere; on Redis, `save` is
/// `SET name text PX life`, `load` is `GET`, `erase` is `DEL`.
///
/// `replace` and `erase_if` keep two owners of one name apart, such as a process that was presumed
/// dead and its successor: a session changes a record only while the record has the handle that
/// this session saved or found there. A session that comes too late leaves the record to the other
/// owner, logs the warning `handle_displaced`, and saves nothing more. A session whose setup has a
/// handle looks up no record; its first `save` overwrites.
///
/// Each session makes its calls one at a time, but several sessions call at once. A store should
/// throw `live::error` with errc::storage_failed, without the handle in the text.
class resumption_store {
public:
    resumption_store() = default;
    resumption_store(const resumption_store&) = delete;
    resumption_store& operator=(const resumption_store&) = delete;
    virtual ~resumption_store() = default;

    /// Returns the record; nullopt: there is none, or its life is over. A named session calls it
    /// before its first connection, unless its setup has a handle.
    ///
    /// Completion: when the record is known. The session waits for it without a limit.
    /// Errors: a `live::error` fails the attempt to connect, as in `session::connect`; any other
    /// exception becomes errc::storage_failed.
    /// Cancellation: when the session is closed or destroyed (`terminal`). A store that ignores it
    /// delays `session::close`.
    /// Threads: runs on the client's executor.
    [[nodiscard]] virtual asio::awaitable<std::optional<resumption_record>> load(
        std::string name) = 0;
    /// Saves the record in place of any other. It may be forgotten `life` after `record.time`.
    ///
    /// Completion: when the record has been saved. Neither the session nor `session::close` waits
    /// for it.
    /// Errors: logged as the warning `handle_unsaved`; the session continues, and saves again when
    /// the next handle comes.
    /// Cancellation: the library never cancels it. A canceled store should keep the old record or
    /// the new one.
    /// Threads: runs on the client's executor.
    [[nodiscard]] virtual asio::awaitable<void> save(std::string name, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) = 0;
    /// Erases the record, if there is one.
    ///
    /// Completion: when the record is gone. Neither the session nor `session::close` waits for it.
    /// Errors, cancellation, threads: as `save`.
    [[nodiscard]] virtual asio::awaitable<void> erase(std::string name) = 0;

    /// Compares and saves in one step: saves if the present record has the handle `expected` or, if
    /// that is empty, if there is no record whose life lasts. Returns false if there is another
    /// record, which stays. The default implementation does not compare: it calls `save` and
    /// returns true, so the last save wins.
    ///
    /// Completion, errors, cancellation, threads: as `save`.
    [[nodiscard]] virtual asio::awaitable<bool> replace(std::string name, std::string expected,
        resumption_record record, std::chrono::milliseconds life = resumption_handle_life);
    /// Compares and erases in one step: erases the present record if it has this handle. Returns
    /// false if it has another, which stays. The default implementation does not compare: it calls
    /// `erase` and returns true.
    ///
    /// Completion: as `erase`.
    /// Errors, cancellation, threads: as `save`.
    [[nodiscard]] virtual asio::awaitable<bool> erase_if(std::string name, std::string handle);
};

/// Returns the time; empty: the system's clock is used.
using resumption_clock = std::function<resumption_record::time_point()>;

/// Keeps records in memory: for tests, and to resume a conversation in a new session of the same
/// process. Forgets records whose life is over. Its operations complete at once.
///
/// Threads: any.
class memory_resumption_store final : public resumption_store {
public:
    /// Makes an empty store.
    explicit memory_resumption_store(resumption_clock clock = {});
    ~memory_resumption_store() override;

    asio::awaitable<std::optional<resumption_record>> load(std::string name) override;
    asio::awaitable<void> save(std::string name, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<void> erase(std::string name) override;
    asio::awaitable<bool> replace(std::string name, std::string expected, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<bool> erase_if(std::string name, std::string handle) override;

    /// Number of records kept.
    [[nodiscard]] std::size_t size() const;

private:
    struct [[gnu::visibility("hidden")]] state;
    std::unique_ptr<state> state_;
};

/// Keeps each record in a file of its own in one directory. Only this user can read the files (mode
/// 0600). A reader in any process finds the old record or the new one, never half of one. The file
/// of "caller 7" is "caller%207.json". Files whose life is over are removed when the store is made
/// and from time to time.
///
/// Its operations complete at once, and do blocking I/O on the thread that awaits them (the
/// client's executor): small reads and writes, an fsync for each save. `replace` and `erase_if`
/// lock the file ".lock" in the directory, and block up to 1 s while another thread or process
/// holds that lock. The file system must support flock().
///
/// Errors: errc::storage_failed, naming the file, for what cannot be read or written;
/// errc::invalid_argument for a name that is empty or makes a file name of more than 255 bytes.
/// Threads: any; several processes may share a directory.
class file_resumption_store final : public resumption_store {
public:
    /// Creates the directory (mode 0700) if it is missing. Throws errc::storage_failed if it cannot
    /// be used.
    explicit file_resumption_store(std::filesystem::path directory, resumption_clock clock = {});
    ~file_resumption_store() override;

    asio::awaitable<std::optional<resumption_record>> load(std::string name) override;
    asio::awaitable<void> save(std::string name, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<void> erase(std::string name) override;
    asio::awaitable<bool> replace(std::string name, std::string expected, resumption_record record,
        std::chrono::milliseconds life = resumption_handle_life) override;
    asio::awaitable<bool> erase_if(std::string name, std::string handle) override;

    /// Where the record of this name is, or would be. Throws errc::invalid_argument for a name that
    /// cannot be used.
    [[nodiscard]] std::filesystem::path path_of(std::string_view name) const;

private:
    struct [[gnu::visibility("hidden")]] state;
    std::unique_ptr<state> state_;
};

} // namespace gemini::live
#pragma GCC visibility pop
