// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/resumption_store.hpp>

#include "base/private_file.hpp"

#include <gemini/live/error.hpp>
#include <gemini/live/json.hpp>

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <system_error>
#include <utility>

namespace gemini::live {
namespace {

namespace fs = std::filesystem;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using time_point = resumption_record::time_point;

constexpr std::size_t most_bytes = 1u << 20; // of a record
constexpr std::string_view ending = ".json";

resumption_clock or_system(resumption_clock clock)
{
    return clock ? std::move(clock) : resumption_clock(&std::chrono::system_clock::now);
}

/// A record and when it expires.
struct kept {
    resumption_record record;
    time_point end;
};

bool stays_as_it_is(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/// Different names make different file names. None makes a hidden file or leaves the directory.
std::string file_name_of(std::string_view name)
{
    if (name.empty())
        throw error(errc::invalid_argument, "The name of a conversation must not be empty.");
    std::string escaped;
    for (const char c : name) {
        if (stays_as_it_is(c) && !(c == '.' && escaped.empty()))
            escaped += c;
        else
            escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    escaped += ending;
    constexpr std::size_t most = 255;
    if (escaped.size() > most) {
        throw error(errc::invalid_argument,
            fmt::format("The name of a conversation is too long: it makes a file name of {} bytes, "
                        "{} are the most.",
                escaped.size(), most));
    }
    return escaped;
}

std::string text_of(const kept& one)
{
    return json::object()
               .add("record", json(one.record.text()))
               .add("end", duration_cast<milliseconds>(one.end.time_since_epoch()).count())
               .text() +
           '\n';
}

kept parse(const std::string& text, const fs::path& path)
{
    try {
        const json all(text);
        return {resumption_record::parse(all.at<json>("/record").text()),
            time_point(milliseconds(all.at<std::int64_t>("/end")))};
    } catch (const error&) {
        throw error(errc::storage_failed,
            fmt::format("{} is not a resumption record: remove it.", path.string()));
    }
}

void remove_file(const fs::path& path)
{
    std::error_code failed;
    fs::remove(path, failed);
    if (failed) {
        throw error(errc::storage_failed,
            fmt::format("{} cannot be removed: {}.", path.string(), failed.message()));
    }
}

} // namespace

std::string resumption_record::text() const
{
    return json::object()
        .add("handle", handle)
        .add("time", duration_cast<milliseconds>(time.time_since_epoch()).count())
        .add("model", model)
        .text();
}

resumption_record resumption_record::parse(std::string_view text)
{
    try {
        const json all{std::string(text)};
        return {all.at<std::string>("/handle"),
            time_point(milliseconds(all.at<std::int64_t>("/time"))), all.at<std::string>("/model")};
    } catch (const error&) { // its message may quote the text
        throw error(errc::storage_failed, "A resumption record is not one: erase it.");
    }
}

asio::awaitable<bool> resumption_store::replace(
    std::string name, std::string, resumption_record record, milliseconds life)
{
    co_await save(std::move(name), std::move(record), life);
    co_return true;
}

asio::awaitable<bool> resumption_store::erase_if(std::string name, std::string)
{
    co_await erase(std::move(name));
    co_return true;
}

struct memory_resumption_store::state {
    resumption_clock clock;
    mutable std::mutex mutex{};
    std::map<std::string, kept> records{};

    /// Call with the lock held. Returns an empty handle when there is no unexpired record.
    [[nodiscard]] std::string handle_of(const std::string& name) const
    {
        const auto found = records.find(name);
        const bool lives = found != records.end() && found->second.end > clock();
        return lives ? found->second.record.handle : std::string();
    }

    void keep(std::string name, resumption_record record, milliseconds life)
    {
        std::erase_if(
            records, [now = clock()](const auto& each) { return each.second.end <= now; });
        const auto end = record.time + life;
        records.insert_or_assign(std::move(name), kept{std::move(record), end});
    }
};

memory_resumption_store::memory_resumption_store(resumption_clock clock)
    : state_(std::make_unique<state>(or_system(std::move(clock))))
{
}

memory_resumption_store::~memory_resumption_store() = default;

asio::awaitable<std::optional<resumption_record>> memory_resumption_store::load(std::string name)
{
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->records.find(name);
    if (found == state_->records.end() || found->second.end <= state_->clock())
        co_return std::nullopt;
    co_return found->second.record;
}

asio::awaitable<void> memory_resumption_store::save(
    std::string name, resumption_record record, milliseconds life)
{
    const std::lock_guard lock(state_->mutex);
    state_->keep(std::move(name), std::move(record), life);
    co_return;
}

asio::awaitable<bool> memory_resumption_store::replace(
    std::string name, std::string expected, resumption_record record, milliseconds life)
{
    const std::lock_guard lock(state_->mutex);
    if (state_->handle_of(name) != expected) co_return false;
    state_->keep(std::move(name), std::move(record), life);
    co_return true;
}

asio::awaitable<bool> memory_resumption_store::erase_if(std::string name, std::string handle)
{
    const std::lock_guard lock(state_->mutex);
    const auto present = state_->handle_of(name);
    if (!present.empty() && present != handle) co_return false;
    state_->records.erase(name);
    co_return true;
}

asio::awaitable<void> memory_resumption_store::erase(std::string name)
{
    const std::lock_guard lock(state_->mutex);
    state_->records.erase(name);
    co_return;
}

std::size_t memory_resumption_store::size() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->records.size();
}

struct file_resumption_store::state {
    fs::path directory;
    resumption_clock clock;
    std::mutex mutex{};
    time_point next_sweep{};

    /// Returns nullopt when there is no unexpired record.
    std::optional<resumption_record> read(const fs::path& path)
    {
        const auto text = base::read_file(path, most_bytes);
        if (!text) return std::nullopt;
        auto one = parse(*text, path);
        if (one.end <= clock()) return std::nullopt;
        return std::move(one.record);
    }

    /// Returns the handle of the record in `path`; empty when there is no unexpired one.
    std::string handle_in(const fs::path& path)
    {
        const auto record = read(path);
        return record ? record->handle : std::string();
    }

    /// Keeps other threads and processes from changing records while it lives.
    [[nodiscard]] base::file_lock lock() const { return base::file_lock(directory / ".lock"); }

    /// Removes expired records; files that are not records stay.
    void sweep()
    {
        {
            const std::lock_guard lock(mutex);
            if (clock() < next_sweep) return;
            next_sweep = clock() + resumption_handle_life;
        }
        std::error_code ignored;
        for (const auto& each : fs::directory_iterator(directory, ignored)) {
            if (each.path().extension() != ending) continue;
            try {
                if (!read(each.path())) fs::remove(each.path(), ignored);
            } catch (const error&) {
            }
        }
    }
};

file_resumption_store::file_resumption_store(fs::path directory, resumption_clock clock)
    : state_(std::make_unique<state>(std::move(directory), or_system(std::move(clock))))
{
    std::error_code failed;
    if (fs::create_directories(state_->directory, failed))
        fs::permissions(state_->directory, fs::perms::owner_all, failed);
    if (failed || !fs::is_directory(state_->directory, failed)) {
        throw error(errc::storage_failed,
            fmt::format("{} cannot be used as a directory{}{}.", state_->directory.string(),
                failed ? ": " : "", failed ? failed.message() : ""));
    }
    state_->sweep();
}

file_resumption_store::~file_resumption_store() = default;

asio::awaitable<std::optional<resumption_record>> file_resumption_store::load(std::string name)
{
    co_return state_->read(path_of(name));
}

asio::awaitable<void> file_resumption_store::save(
    std::string name, resumption_record record, milliseconds life)
{
    const auto path = path_of(name);
    const auto end = record.time + life;
    base::replace_private_file(path, text_of({std::move(record), end}));
    state_->sweep();
    co_return;
}

asio::awaitable<bool> file_resumption_store::replace(
    std::string name, std::string expected, resumption_record record, milliseconds life)
{
    const auto path = path_of(name);
    const auto end = record.time + life;
    {
        const auto lock = state_->lock();
        if (state_->handle_in(path) != expected) co_return false;
        base::replace_private_file(path, text_of({std::move(record), end}));
    }
    state_->sweep();
    co_return true;
}

asio::awaitable<bool> file_resumption_store::erase_if(std::string name, std::string handle)
{
    const auto path = path_of(name);
    const auto lock = state_->lock();
    const auto present = state_->handle_in(path);
    if (!present.empty() && present != handle) co_return false;
    remove_file(path);
    co_return true;
}

asio::awaitable<void> file_resumption_store::erase(std::string name)
{
    remove_file(path_of(name));
    co_return;
}

fs::path file_resumption_store::path_of(std::string_view name) const
{
    return state_->directory / file_name_of(name);
}

} // namespace gemini::live
