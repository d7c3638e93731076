// SPDX-License-Identifier: Apache-2.0
#include "session/option_rules.hpp"

#include <gemini/live/error.hpp>

#include "support/catch.hpp"

#include <limits>
#include <string>

namespace option_rules_test {

using namespace gemini::live;
using namespace std::chrono_literals;

template <class Options>
std::string refusal_of(const Options& options)
{
    try {
        check(options);
    } catch (const error& refused) {
        CHECK(refused.value() == errc::invalid_argument);
        return refused.what();
    }
    return {};
}

TEST_CASE("zero disables a duration, and an absent count is no limit")
{
    client_options options;
    options.deadlines = {.resolve = 0ms,
        .connect = 0ms,
        .upgrade = 0ms,
        .setup = 0ms,
        .write_stall = 0ms,
        .ping_after = 0ms,
        .silence = 0ms,
        .message = 0ms};
    options.reconnect.max_attempts.reset();
    options.reconnect.first_connect_attempts.reset();
    options.reconnect.attempts_per_second.reset();
    options.reconnect.first_delay = 0ms;
    options.reconnect.factor = 1;
    options.limits.history = 0;
    CHECK(refusal_of(options).empty());
    session_group_options group;
    group.max_sessions.reset();
    group.connecting.reset();
    group.restart.max_restarts = 0;
    CHECK(refusal_of(group).empty());
    group.restart.max_restarts.reset();
    CHECK(refusal_of(group).empty());
}

TEST_CASE("a nonsensical number is refused with its option, its value and the rule")
{
    const auto refused = [](auto change) {
        client_options options;
        change(options);
        return refusal_of(options);
    };
    CHECK(refused([](auto& all) { all.deadlines.setup = -1ms; }) ==
          "deadlines::setup is -1 ms: a duration is 0 or more; 0 switches it off.");
    CHECK(refused([](auto& all) { all.deadlines.close = 0ms; }) ==
          "deadlines::close is 0 ms: give more than 0: a peer that never answers a close would "
          "keep the connection.");
    CHECK(refused([](auto& all) { all.limits.inbox = 0; }) ==
          "limits::inbox is 0: give the number of bytes, 1 or more.");
    CHECK(refused([](auto& all) { all.reconnect.max_attempts = 0; }) ==
          "reconnect_policy::max_attempts is 0: give 1 or more, or std::nullopt for no limit.");
    CHECK(refused([](auto& all) { all.reconnect.first_connect_attempts = -1; }) ==
          "reconnect_policy::first_connect_attempts is -1: give 1 or more, or std::nullopt for no "
          "limit.");
    CHECK(refused([](auto& all) { all.reconnect.attempts_per_second = 0; }) ==
          "reconnect_policy::attempts_per_second is 0: give more than 0, or std::nullopt for no "
          "limit.");
    for (const double factor :
        {0.5, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        CHECK(refused([factor](auto& all) {
            all.reconnect.factor = factor;
        }).ends_with(": waits grow by a factor of 1 or more."));
    }
    CHECK(refused([](auto& all) {
        all.watchdogs.in_turn = -1s;
    }).starts_with("watchdogs::in_turn is -1000 ms"));
    session_group_options group;
    group.connecting = 0;
    CHECK(refusal_of(group) ==
          "session_group_options::connecting is 0: give 1 or more, or std::nullopt for no limit.");
    group.connecting = 1;
    group.restart.factor = 0;
    CHECK(refusal_of(group).starts_with("restart_policy::factor is 0"));
}

TEST_CASE("TLS options that contradict each other are refused by name")
{
    const auto refused = [](auto change) {
        client_options options;
        change(options.tls);
        return refusal_of(options);
    };
    CHECK(refused([](auto& all) {
        all.pinned_public_keys = {"sha256//MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="};
        all.certificate_file = "c.pem";
        all.private_key_pem = secret("key");
        all.private_key_password = secret("password");
    }).empty());
    CHECK(refused([](auto& all) {
        all.pinned_public_keys = {"abc"};
    }).starts_with("tls_options::pinned_public_keys[0] "));
    CHECK(refused([](auto& all) {
        all.certificate_pem = all.certificate_file = "c";
    }).starts_with("tls_options::certificate_pem and tls_options::certificate_file are "));
    CHECK(refused([](auto& all) {
        all.certificate_file = all.private_key_file = "c";
        all.private_key_pem = secret("key");
    }).starts_with("tls_options::private_key_pem and tls_options::private_key_file are "));
    const std::string without = "tls_options has a private key or its password, and no certificate";
    CHECK(refused([](auto& all) { all.private_key_file = "k"; }).starts_with(without));
    CHECK(refused([](auto& all) { all.private_key_password = secret("p"); }).starts_with(without));
}

} // namespace option_rules_test
