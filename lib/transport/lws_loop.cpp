// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_loop.hpp"

#include <gemini/live/error.hpp>

#include <fcntl.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace gemini::live::transport {
namespace {

// The tables of lws grow with the descriptor limit. Above `widest_table` they would cost megabytes.
// Below it, a limit of our own would only slow down lws's lookups.
constexpr rlim_t widest_table = 1u << 18;
constexpr unsigned narrow_table = 1u << 16;
constexpr rlim_t headroom = 8; // descriptors and table entries that are not connections

struct shelf {
    std::mutex mutex; // also for creation: loading the event loop plugin is not thread-safe
    std::vector<std::unique_ptr<lws_loop>> kept;
};

/// Never destroyed, since other threads may still run when statics are destroyed.
shelf& the_shelf()
{
    static auto& one = *new shelf;
    return one;
}

rlim_t open_files_limit()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

uv_handle_t* first_poll(uv_loop_t& loop)
{
    uv_handle_t* found = nullptr;
    const auto look = [](uv_handle_t* handle, void* result) {
        if (handle->type == UV_POLL && uv_is_active(handle) != 0)
            *static_cast<uv_handle_t**>(result) = handle;
    };
    uv_walk(&loop, look, &found);
    return found;
}

/// libwebsockets 4.3 opens a netlink socket that child processes would inherit.
void keep_from_children(uv_loop_t& loop)
{
    const auto mark = [](uv_handle_t* handle, void*) {
        uv_os_fd_t descriptor = -1;
        if (handle->type == UV_POLL && uv_fileno(handle, &descriptor) == 0)
            ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    };
    uv_walk(&loop, mark, nullptr);
}

[[noreturn]] void refuse()
{
    throw error(errc::event_loop_unavailable,
        "libwebsockets has no libuv event loop: install the package libwebsockets-evlib-uv "
        "(Debian, Ubuntu), or a libwebsockets built with libuv. If it is there, raise the limit of "
        "open files (ulimit -n).");
}

} // namespace

lws_loop::lws_loop() : open_files_(open_files_limit())
{
    lws_set_log_level(0, [](int, const char*) {}); // it would write to stderr
    if (uv_loop_init(&loop_) != 0) refuse();
    void* loops[] = {&loop_};
    lws_context_creation_info info{};
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.foreign_loops = loops;
    info.pcontext = &context_;
    info.pt_serv_buf_size = 32 * 1024; // more than a TLS record
    info.max_http_header_data = 8 * 1024;
    info.timeout_secs = far_away;
    if (open_files_ > widest_table) info.fd_limit_per_thread = narrow_table;
    capacity_ = std::max(std::min<rlim_t>(open_files_, narrow_table), headroom) - headroom;

    context_ = lws_create_context(&info);
    // On a loop that is not its own, lws returns a context even when it could not set it up and is
    // already destroying it. In that case the pipe that wakes the context is missing.
    event_pipe_ = context_ ? first_poll(loop_) : nullptr;
    keep_from_children(loop_);
}

/// Destroys only a loop whose creation failed. On a loop that is not its own, lws needs both calls.
lws_loop::~lws_loop()
{
    const auto settle = [this] {
        for (int round = 0; round < 1000 && uv_run(&loop_, UV_RUN_NOWAIT) != 0; ++round) {
        }
    };
    lws_context_destroy(context_);
    settle();
    lws_context_destroy(context_);
    const auto close_left = [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
    };
    uv_walk(&loop_, close_left, nullptr);
    settle();
    uv_loop_close(&loop_);
}

std::unique_ptr<lws_loop> lws_loop::take()
{
    auto& from = the_shelf();
    const std::lock_guard lock(from.mutex);
    // lws sizes its tables by the limit of open files when it is created
    const auto fitting = std::find_if(from.kept.begin(), from.kept.end(),
        [limit = open_files_limit()](const auto& each) { return each->open_files_ == limit; });
    if (fitting != from.kept.end()) {
        auto taken = std::move(*fitting);
        from.kept.erase(fitting);
        return taken;
    }
    auto made = std::make_unique<lws_loop>();
    if (!made->event_pipe_) refuse();
    return made;
}

void lws_loop::give_back(std::unique_ptr<lws_loop> loop)
{
    auto& place = the_shelf();
    const std::lock_guard lock(place.mutex);
    place.kept.push_back(std::move(loop));
}

void lws_loop::turn(int most_rounds) noexcept
{
    int rounds = 0;
    do {
        uv_run(&loop_, UV_RUN_NOWAIT);
    } while (++rounds < 2 || (uv_backend_timeout(&loop_) == 0 && rounds < most_rounds));
}

/// Every connection has a libuv handle that points to it, as does the pipe that wakes lws.
void lws_loop::end_connections() noexcept
{
    struct search {
        uv_handle_t* pipe;
        std::vector<lws*> found;
    } connections{event_pipe_, {}};
    const auto note = [](uv_handle_t* handle, void* into) {
        auto& [pipe, found] = *static_cast<search*>(into);
        if (handle->type == UV_POLL && handle != pipe && uv_is_closing(handle) == 0)
            found.push_back(static_cast<lws*>(handle->data));
    };
    uv_walk(&loop_, note, &connections);
    for (auto* each : connections.found)
        lws_close_free_wsi(each, LWS_CLOSE_STATUS_NOSTATUS_CONTEXT_DESTROY, "context");
    turn(1000);
}

} // namespace gemini::live::transport
