// SPDX-License-Identifier: Apache-2.0
#include "session/option_rules.hpp"

#include "base/utf8.hpp"
#include "transport/pinned_keys.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace gemini::live {
namespace {

using std::chrono::milliseconds;

[[noreturn]] void refuse(std::string_view option, std::string_view value, std::string_view rule)
{
    throw error(errc::invalid_argument, fmt::format("{} is {}: {}", option, value, rule));
}

} // namespace

void check_duration(std::string_view option, milliseconds value)
{
    if (value < milliseconds::zero()) {
        refuse(option, fmt::format("{} ms", value.count()),
            "a duration is 0 or more; 0 switches it off.");
    }
}

namespace {

template <class Count>
void check_count(std::string_view option, const std::optional<Count>& value, Count least)
{
    if (value && *value < least) {
        refuse(option, fmt::format("{}", *value),
            fmt::format("give {} or more, or std::nullopt for no limit.", least));
    }
}

void check_factor(std::string_view option, double value)
{
    if (!(value >= 1) || std::isinf(value))
        refuse(option, fmt::format("{}", value), "waits grow by a factor of 1 or more.");
}

void check_size(std::string_view option, std::size_t value)
{
    if (value == 0) refuse(option, "0", "give the number of bytes, 1 or more.");
}

void check(const tls_options& given)
{
    static_cast<void>(transport::read_pins(given.pinned_public_keys));
    const auto check_source = [](std::string_view text, bool has_text, const std::string& file) {
        if (has_text && !file.empty()) {
            throw error(errc::invalid_argument,
                fmt::format("tls_options::{0}_pem and tls_options::{0}_file are both set: give one "
                            "of them.",
                    text));
        }
        return has_text || !file.empty();
    };
    const bool has_certificate =
        check_source("certificate", !given.certificate_pem.empty(), given.certificate_file);
    const bool has_key =
        check_source("private_key", !given.private_key_pem.empty(), given.private_key_file);
    if (!has_certificate && (has_key || !given.private_key_password.empty())) {
        throw error(errc::invalid_argument,
            "tls_options has a private key or its password, and no certificate: give "
            "tls_options::certificate_pem or certificate_file.");
    }
}

void check(const deadlines& given)
{
    check_duration("deadlines::resolve", given.resolve);
    check_duration("deadlines::connect", given.connect);
    check_duration("deadlines::upgrade", given.upgrade);
    check_duration("deadlines::setup", given.setup);
    check_duration("deadlines::write_stall", given.write_stall);
    check_duration("deadlines::ping_after", given.ping_after);
    check_duration("deadlines::silence", given.silence);
    check_duration("deadlines::message", given.message);
    if (given.close <= milliseconds::zero()) {
        refuse("deadlines::close", fmt::format("{} ms", given.close.count()),
            "give more than 0: a peer that never answers a close would keep the connection.");
    }
}

void check(const limits& given)
{
    check_size("limits::message", given.message);
    check_size("limits::outbox", given.outbox);
    check_size("limits::inbox", given.inbox);
    check_size("limits::turn", given.turn);
}

void check(const watchdogs& given)
{
    check_duration("watchdogs::after_resume", given.after_resume);
    check_duration("watchdogs::in_turn", given.in_turn);
    check_count("watchdogs::empty_turns", given.empty_turns, 1);
    const auto& all = given.actions;
    const bool nudges = std::find(all.begin(), all.end(), watchdog_action::nudge) != all.end();
    if (nudges && (given.nudge_text.empty() || !base::is_utf8(given.nudge_text))) {
        throw error(errc::invalid_argument,
            "watchdogs::nudge_text is empty or not UTF-8, and watchdogs::actions has a nudge.");
    }
}

void check(const reconnect_policy& given)
{
    check_duration("reconnect_policy::first_delay", given.first_delay);
    check_factor("reconnect_policy::factor", given.factor);
    check_duration("reconnect_policy::max_delay", given.max_delay);
    check_count("reconnect_policy::max_attempts", given.max_attempts, 1);
    check_duration("reconnect_policy::max_outage", given.max_outage);
    check_count("reconnect_policy::first_connect_attempts", given.first_connect_attempts, 1);
    check_duration("reconnect_policy::healthy_after", given.healthy_after);
    check_duration("reconnect_policy::realtime_window", given.realtime_window);
    check_duration("handover_policy::margin", given.handover.margin);
    check_duration("reconnect_policy::quota_wait", given.quota_wait);
    if (const auto rate = given.attempts_per_second; rate && !(*rate > 0 && std::isfinite(*rate))) {
        refuse("reconnect_policy::attempts_per_second", fmt::format("{}", *rate),
            "give more than 0, or std::nullopt for no limit.");
    }
}

} // namespace

void check(const turn_options& options)
{
    check_duration("turn_options::deadline", options.deadline);
    check_count<std::size_t>("turn_options::limit", options.limit, 1);
}

void check(const client_options& options)
{
    check(options.tls);
    check(options.deadlines);
    check(options.limits);
    check(options.watchdogs);
    check(options.reconnect);
}

void check(const restart_policy& policy)
{
    check_count("restart_policy::max_restarts", policy.max_restarts, 0);
    check_duration("restart_policy::window", policy.window);
    check_duration("restart_policy::first_delay", policy.first_delay);
    check_factor("restart_policy::factor", policy.factor);
    check_duration("restart_policy::max_delay", policy.max_delay);
}

void check(const session_limits& limits)
{
    check_duration("session_limits::idle", limits.idle);
    check_duration("session_limits::total", limits.total);
    check_count<std::uint64_t>("session_limits::turns", limits.turns, 1);
    if (limits.grace <= milliseconds::zero()) {
        refuse("session_limits::grace", fmt::format("{} ms", limits.grace.count()),
            "give more than 0: a handler that never returns would keep the session.");
    }
}

void check(const session_group_options& options)
{
    check_count<std::size_t>("session_group_options::max_sessions", options.max_sessions, 1);
    check_count<std::size_t>("session_group_options::connecting", options.connecting, 1);
    check(options.restart);
    check(options.limits);
}

} // namespace gemini::live
