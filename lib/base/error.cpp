// SPDX-License-Identifier: Apache-2.0
#include <gemini/live/error.hpp>

#include <array>

namespace gemini::live {
namespace {

struct row {
    errc value;
    const char* name;
    const char* text;
    condition what_to_do;
};

constexpr std::array rows{
    row{errc::resolve_failed, "resolve_failed", "the host name could not be resolved",
        condition::retryable},
    row{errc::connect_failed, "connect_failed", "the server could not be reached",
        condition::retryable},
    row{errc::tls_failed, "tls_failed", "the encrypted connection was not trusted",
        condition::configuration},
    row{errc::proxy_failed, "proxy_failed", "the proxy refused the connection",
        condition::configuration},
    row{errc::timed_out, "timed_out", "a deadline passed", condition::retryable},
    row{errc::connection_lost, "connection_lost", "the connection was lost", condition::retryable},
    row{errc::unavailable, "unavailable", "the service is unavailable", condition::retryable},
    row{errc::quota_exceeded, "quota_exceeded", "the quota is used up", condition::quota},
    row{errc::unauthorized, "unauthorized", "the credentials were refused", condition::credentials},
    row{errc::rejected, "rejected", "the server rejected the request", condition::invalid_request},
    row{errc::protocol_violation, "protocol_violation", "the server broke the WebSocket protocol",
        condition::retryable},
    row{errc::message_too_big, "message_too_big", "a message is over the size limit",
        condition::invalid_request},
    row{errc::malformed_message, "malformed_message", "a server message is malformed",
        condition::invalid_request},
    row{errc::invalid_argument, "invalid_argument", "an argument was refused before it was sent",
        condition::invalid_request},
    row{errc::missing_credentials, "missing_credentials", "no credentials were found",
        condition::credentials},
    row{errc::closed, "closed", "the session has been closed", condition::closed},
    row{errc::misuse, "misuse", "the interface was misused", condition::misuse},
    row{errc::event_loop_unavailable, "event_loop_unavailable",
        "libwebsockets has no libuv support", condition::configuration},
    row{errc::context_lost, "context_lost", "the server has forgotten the conversation",
        condition::retryable},
    row{errc::storage_failed, "storage_failed", "a file or store could not be read or written",
        condition::configuration},
};

const row* find(int value) noexcept
{
    for (const auto& each : rows)
        if (static_cast<int>(each.value) == value) return &each;
    return nullptr;
}

class error_category_type : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "gemini.live"; }
    [[nodiscard]] std::string message(int value) const override
    {
        const auto* found = find(value);
        return found ? found->text : "unknown error";
    }
    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override
    {
        const auto* found = find(value);
        return found ? make_error_condition(found->what_to_do) : std::error_condition(value, *this);
    }
};

class condition_category_type : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "gemini.live.condition"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<condition>(value)) {
        case condition::retryable: return "trying again later can help";
        case condition::credentials: return "other credentials are needed";
        case condition::quota: return "the quota is used up";
        case condition::invalid_request: return "the request must change";
        case condition::configuration: return "the environment must change";
        case condition::closed: return "closed by its owner";
        case condition::misuse: return "the program must change";
        }
        return "unknown condition";
    }
};

} // namespace

const std::error_category& error_category() noexcept
{
    static const error_category_type category;
    return category;
}

const std::error_category& condition_category() noexcept
{
    static const condition_category_type category;
    return category;
}

std::error_code make_error_code(errc value) noexcept
{
    return {static_cast<int>(value), error_category()};
}

std::error_condition make_error_condition(condition value) noexcept
{
    return {static_cast<int>(value), condition_category()};
}

const char* to_string(errc value) noexcept
{
    const auto* found = find(static_cast<int>(value));
    return found ? found->name : "unknown";
}

const char* to_string(phase value) noexcept
{
    switch (value) {
    case phase::none: return "none";
    case phase::resolve: return "resolve";
    case phase::connect: return "connect";
    case phase::tls: return "tls";
    case phase::upgrade: return "upgrade";
    case phase::setup: return "setup";
    case phase::open: return "open";
    case phase::write: return "write";
    case phase::close: return "close";
    }
    return "unknown";
}

error::error(errc code, const std::string& sentence, error_details details)
    : std::system_error(make_error_code(code), sentence), sentence_(sentence),
      details_(std::move(details))
{
}

condition error::condition() const noexcept
{
    const auto* found = find(code().value());
    return found ? found->what_to_do : live::condition::misuse;
}

} // namespace gemini::live
