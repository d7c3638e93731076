// SPDX-License-Identifier: Apache-2.0
#include "support/failing_call.hpp"

#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace test {
namespace {

thread_local failing_call* failing = nullptr;

bool is_socket(int descriptor)
{
    struct stat what {};
    return ::fstat(descriptor, &what) == 0 && S_ISSOCK(what.st_mode);
}

const int* error_of(system_call which) { return failing ? failing->strike(which) : nullptr; }

/// The return value of a call that fails like this.
ssize_t fail(int error)
{
    if (error == end_of_stream) return 0;
    errno = error;
    return -1;
}

template <class Function>
Function* genuine(Function* /*replacement*/, const char* name)
{
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

} // namespace

failing_call::failing_call(system_call which, int error, int nth, bool for_ever)
    : which_(which), error_(error), nth_(nth), for_ever_(for_ever)
{
    failing = this;
}

failing_call::~failing_call() { failing = nullptr; }

const int* failing_call::strike(system_call which) noexcept
{
    if (which != which_) return nullptr;
    ++calls_;
    if (calls_ != nth_ && !(for_ever_ && calls_ > nth_)) return nullptr;
    ++struck_;
    return &error_;
}

} // namespace test

// Override those of the C library, also for calls from shared libraries.
#pragma GCC visibility push(default)
extern "C" {

int socket(int domain, int type, int protocol)
{
    static auto* const next = test::genuine(&::socket, "socket");
    if (const auto* error = test::error_of(test::system_call::socket))
        return static_cast<int>(test::fail(*error));
    return next(domain, type, protocol);
}

int connect(int descriptor, const sockaddr* address, socklen_t size)
{
    static auto* const next = test::genuine(&::connect, "connect");
    if (const auto* error = test::error_of(test::system_call::connect))
        return static_cast<int>(test::fail(*error));
    return next(descriptor, address, size);
}

ssize_t send(int descriptor, const void* data, size_t size, int flags)
{
    static auto* const next = test::genuine(&::send, "send");
    const auto* error = test::error_of(test::system_call::send);
    if (error && *error != test::short_write) return test::fail(*error);
    return next(descriptor, data, error && size > 1 ? 1 : size, flags);
}

ssize_t recv(int descriptor, void* data, size_t size, int flags)
{
    static auto* const next = test::genuine(&::recv, "recv");
    if (const auto* error = test::error_of(test::system_call::recv)) return test::fail(*error);
    return next(descriptor, data, size, flags);
}

ssize_t read(int descriptor, void* data, size_t size)
{
    static auto* const next = test::genuine(&::read, "read");
    if (test::failing && test::is_socket(descriptor))
        if (const auto* error = test::error_of(test::system_call::read)) return test::fail(*error);
    return next(descriptor, data, size);
}

ssize_t write(int descriptor, const void* data, size_t size)
{
    static auto* const next = test::genuine(&::write, "write");
    if (!test::failing || !test::is_socket(descriptor)) return next(descriptor, data, size);
    const auto* error = test::error_of(test::system_call::write);
    if (error && *error != test::short_write) return test::fail(*error);
    return next(descriptor, data, error && size > 1 ? 1 : size);
}

int epoll_wait(int descriptor, epoll_event* events, int most, int timeout)
{
    static auto* const next = test::genuine(&::epoll_wait, "epoll_wait");
    if (const auto* error = test::error_of(test::system_call::epoll_wait))
        return static_cast<int>(test::fail(*error));
    return next(descriptor, events, most, timeout);
}
}
#pragma GCC visibility pop
