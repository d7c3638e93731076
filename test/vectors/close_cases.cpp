// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"

#include "engine/failure_classifier.hpp"
#include "engine/reconnect_fsm.hpp"

#include <fmt/format.h>

namespace live = gemini::live;
namespace base = gemini::live::base;
namespace engine = gemini::live::engine;

namespace vectors {
namespace {

std::string_view name_of(engine::action action)
{
    switch (action) {
    case engine::action::resume: return "resume";
    case engine::action::fresh: return "fresh";
    case engine::action::back_off: return "backoff";
    case engine::action::give_up: return "fatal";
    }
    return "";
}

/// The action after several setups that all fail like this.
complaint try_repeats(const json_value& repeats, const live::error& failure)
{
    engine::reconnect_fsm connection({}, "handle", [] { return 0.5; });
    static_cast<void>(connection.start());
    auto now = base::time_point();
    for (auto left = repeats.find("count")->integer().value(); left > 0; --left) {
        static_cast<void>(connection.lost(failure, now));
        now += std::chrono::minutes(1); // until then the handle may have another owner
    }
    const auto expected = repeats.find("action")->string().value();
    const std::string actual = connection.ended()            ? "fatal"
                               : connection.handle().empty() ? "fresh"
                                                             : "backoff";
    if (actual == expected) return std::nullopt;
    return fmt::format("after_repeats.action: {} is expected, it is {}", expected, actual);
}

/// A permanent error is also permanent in an open session, except for a rejected value: another
/// message may have contained it.
complaint try_open(const live::error& failure)
{
    const auto verdict = engine::classify(failure, {.was_open = true, .handle_used = true});
    const bool may_pass = failure.reason() == "Request contains an invalid argument.";
    const std::string_view expected = may_pass ? "resume" : "fatal";
    if (name_of(verdict.action) != expected)
        return fmt::format(
            "action when open: {} is expected, it is {}", expected, name_of(verdict.action));
    if (verdict.few_times == may_pass) return std::nullopt;
    return "few_times: only what may pass is tried again, and only a few times";
}

} // namespace

complaint try_close_code(const json_value& test)
{
    const auto code = static_cast<int>(test.find("code")->integer().value());
    const auto reason = test.find("reason")->string().value();
    const bool had_handle = test.find("had_handle") && *test.find("had_handle")->boolean();
    const auto setting =
        live::error_details{live::phase::open, static_cast<std::uint16_t>(code), reason};
    const live::error failure(live::errc::connection_lost, "The connection was closed.", setting);
    auto expected = test.find("action")->string().value();
    // It counts as a failed setup if a handle was used, or if nothing can be done.
    const bool was_open = !had_handle && expected != "fatal";
    const auto verdict =
        engine::classify(failure, {.was_open = was_open, .handle_used = had_handle});
    const bool long_wait = expected == "backoff_long";
    if (long_wait) expected = "backoff";
    if (name_of(verdict.action) != expected)
        return fmt::format("action: {} is expected, it is {}", expected, name_of(verdict.action));
    if (const auto repeats = test.find("after_repeats"))
        if (auto found = try_repeats(*repeats, failure)) return found;
    if (expected == "fatal")
        if (auto found = try_open(failure)) return found;
    const auto seconds = test.find("min_wait_s");
    if (!seconds || verdict.at_least >= std::chrono::seconds(seconds->integer().value()))
        return std::nullopt;
    return fmt::format("min_wait_s: {} are expected, they are {}", seconds->text(),
        std::chrono::duration_cast<std::chrono::seconds>(verdict.at_least).count());
}

} // namespace vectors
