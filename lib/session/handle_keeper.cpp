// SPDX-License-Identifier: Apache-2.0
#include "session/handle_keeper.hpp"

#include "async/spawn.hpp"
#include "session/session_log.hpp"

#include <gemini/live/resumption_store.hpp>

#include <fmt/format.h>

#include <utility>

namespace gemini::live {

handle_keeper::handle_keeper(std::shared_ptr<session_core> core)
    : core_(std::move(core)),
      store_(core_->name().empty() ? nullptr : core_->client()->options.resumption_store)
{
}

asio::awaitable<void> handle_keeper::load()
{
    if (has_loaded_) co_return;
    std::optional<resumption_record> record;
    const bool is_looked_for = store_ && core_->resumption_handle().empty();
    if (is_looked_for) {
        try {
            record = co_await store_->load(core_->name());
        } catch (const error&) {
            throw;
        } catch (const std::exception& failure) {
            if (core_->lock()->closing) throw;
            throw error(errc::storage_failed,
                fmt::format("The resumption store could not be read: {}", failure.what()));
        }
    }
    has_loaded_ = true;
    if (is_looked_for) stored_ = record ? record->handle : std::string();
    if (!record || record->model != core_->setup().model) co_return;
    core_->lock()->fsm.go_on_with(record->handle);
    saved_ = std::move(record->handle);
}

void handle_keeper::save()
{
    if (!store_ || std::exchange(is_saving_, true)) return;
    async::spawn(core_->client()->connector->executor(), run(shared_from_this()));
}

/// Returns the handle that the store should have; empty: it should have none. Returns nullopt while
/// there is nothing to change: a handle given up without having been refused may still serve
/// another session.
std::optional<std::string> handle_keeper::handle_to_save()
{
    const auto state = core_->lock();
    const auto& handle = state->fsm.handle();
    if (handle.empty() && !state->fsm.handle_is_refused()) return std::nullopt;
    if (is_displaced_ || handle == saved_) return std::nullopt;
    return handle;
}

asio::awaitable<void> handle_keeper::run(std::shared_ptr<handle_keeper> self)
{
    const auto& logger = self->core_->client()->options.logger;
    while (const auto handle = self->handle_to_save()) {
        self->saved_ = *handle;
        try {
            co_await self->store(*handle);
            if (self->is_displaced_) log_displaced(logger);
        } catch (const error& failure) {
            log_unsaved(logger, failure);
        } catch (const std::exception& failure) {
            log_unsaved(logger,
                error(errc::storage_failed,
                    fmt::format("The resumption store could not be written: {}", failure.what())));
        }
    }
    self->is_saving_ = false;
}

/// Replaces only what this session has put or found there, and nothing else.
asio::awaitable<void> handle_keeper::store(std::string handle)
{
    const auto& name = core_->name();
    bool is_ours = true;
    if (handle.empty()) {
        is_ours = co_await store_->erase_if(name, stored_.value_or(""));
    } else {
        resumption_record record(handle, std::chrono::system_clock::now(), core_->setup().model);
        if (stored_)
            is_ours = co_await store_->replace(name, *stored_, std::move(record));
        else
            co_await store_->save(name, std::move(record));
    }
    if (is_ours) stored_ = std::move(handle);
    is_displaced_ = !is_ours;
}

} // namespace gemini::live
