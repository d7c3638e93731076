// SPDX-License-Identifier: Apache-2.0
#include "sim/mutation.hpp"
#include "sim/scenario.hpp"
#include "sim/simulation.hpp"

#include "support/catch.hpp"

#include <gemini/live/reconnect_plan.hpp>
#include <gemini/live/resumption_store.hpp>
#include <gemini/live/session.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// Plants bugs between the session and its environment. The simulation must find each of them.
namespace live = gemini::live;
using namespace std::chrono_literals;
using sim::mutation;

namespace {

bool is_setup(const live::base::frame& frame) { return frame.view().starts_with(R"({"setup")"); }
bool is_update(const mutation::message& message)
{
    return message.payload.view().find("newHandle") != std::string_view::npos;
}

mutation::message copy(const mutation::message& message)
{
    return {message.kind, live::base::padded_buffer(message.payload.view()), message.pongs,
        message.round_trip};
}

template <class... Messages>
std::vector<mutation::message> list_of(Messages... all)
{
    std::vector<mutation::message> list;
    (list.push_back(std::move(all)), ...);
    return list;
}

/// Reports `more` answered pings than there were, and a round trip of almost zero.
mutation answered_early(std::uint64_t more)
{
    mutation planted;
    planted.received = [more](mutation::message message) {
        message.pongs += more;
        message.round_trip = 1ns;
        return list_of(std::move(message));
    };
    return planted;
}

/// Alters the first batch after the setup on each connection except the first.
mutation altering_replay(std::function<void(mutation::batch&)> alter)
{
    mutation planted;
    planted.sent = [alter = std::move(alter), seen = 0](
                       mutation::batch& batch, int connection) mutable {
        if (connection == 1 || is_setup(batch.front()) || seen == connection) return;
        seen = connection;
        alter(batch);
    };
    return planted;
}

mutation consumed_off_by(std::int64_t difference)
{
    mutation planted;
    planted.received = [difference](mutation::message message) {
        constexpr std::string_view name = R"("lastConsumedClientMessageIndex":")";
        std::string text(message.payload.view());
        const auto at = text.find(name);
        if (at == text.npos) return list_of(std::move(message));
        const auto begin = at + name.size();
        const auto end = text.find('"', begin);
        std::int64_t index = 0;
        std::from_chars(text.data() + begin, text.data() + end, index);
        text.replace(
            begin, end - begin, std::to_string(std::max<std::int64_t>(0, index + difference)));
        return list_of(mutation::message{message.kind, live::base::padded_buffer(text)});
    };
    return planted;
}

mutation with(std::function<void(live::client_options&)> options)
{
    mutation planted;
    planted.options = std::move(options);
    return planted;
}

/// Alters each status_change.
mutation altering_changes(std::function<void(live::status_change&)> alter)
{
    mutation planted;
    planted.event = [alter = std::move(alter)](
                        const live::session_event& event, const mutation::show& show) {
        if (const auto* change = std::get_if<live::status_change>(&event)) {
            auto other = *change;
            alter(other);
            show(live::session_event(std::move(other)));
        } else {
            show(event);
        }
    };
    return planted;
}

/// Returns `action` for each failure that matches `is_it`.
mutation deciding(std::function<bool(const live::error&, live::failure_context)> is_it,
    live::reconnect_action action)
{
    return with([is_it = std::move(is_it), action](auto& options) {
        options.reconnect.on_failure =
            [is_it, action](const live::error& why,
                live::failure_context when) -> std::optional<live::reconnect_action> {
            if (is_it(why, when)) return action;
            return std::nullopt;
        };
    });
}

bool has(const mutation::message& message, std::string_view text)
{
    return message.payload.view().find(text) != std::string_view::npos;
}

/// Returns a copy of the message with `from` replaced by `to`.
mutation::message with_text(
    const mutation::message& message, std::string_view from, std::string_view to)
{
    std::string text(message.payload.view());
    text.replace(text.find(from), from.size(), to);
    return {message.kind, live::base::padded_buffer(text)};
}

/// Hides planted messages from the oracle.
void hide_planted(mutation& planted)
{
    planted.event = [](const live::session_event& event, const mutation::show& show) {
        const auto* message = std::get_if<live::server_message>(&event);
        if (!message || message->raw().find("planted") == std::string_view::npos) show(event);
    };
}

/// A final response of the dispatcher. Those of the user have a number.
bool is_final_response(const live::base::frame& frame)
{
    const auto text = frame.view();
    return text.find("functionResponses") != text.npos && text.find("n=") == text.npos &&
           text.find("willContinue") == text.npos;
}

mutation with_tools(std::function<void(live::tool_dispatcher_options&)> options)
{
    mutation planted;
    planted.tools = std::move(options);
    return planted;
}

/// Alters each event that matches `is_it`.
mutation altering_tool_events(std::function<bool(const live::tool_event&)> is_it,
    std::function<void(const live::tool_event&, const mutation::tell&)> tell)
{
    mutation planted;
    planted.tool_event = [is_it = std::move(is_it), tell = std::move(tell)](
                             const live::tool_event& event, const mutation::tell& pass_on) {
        is_it(event) ? tell(event, pass_on) : pass_on(event);
    };
    return planted;
}

bool ended_as(const live::tool_event& event, live::call_ending how)
{
    return event.what == live::tool_event::kind::ended && event.ending == how;
}

constexpr std::string_view call_end = R"("turnComplete":true,"groundingMetadata":{})";

/// Returns how many seeds it takes to find the bug; 0: more than `max`.
int seeds_until_found(const std::function<mutation()>& make, int max = 3000)
{
    for (int seed = 1; seed <= max; ++seed) {
        const auto planted = make();
        if (!sim::simulate(sim::draw_scenario(static_cast<std::uint64_t>(seed)), false, planted)
                 .violations.empty())
            return seed;
    }
    return 0;
}

struct planted_bug {
    const char* name;
    std::function<mutation()> make;
};

/// A store that erases nothing.
class sticky_store final : public live::resumption_store {
public:
    using record = live::resumption_record;

    explicit sticky_store(std::shared_ptr<live::resumption_store> inner) : inner_(std::move(inner))
    {
    }

    asio::awaitable<std::optional<record>> load(std::string name) override
    {
        return inner_->load(std::move(name));
    }
    asio::awaitable<void> save(
        std::string name, record newest, std::chrono::milliseconds life) override
    {
        return inner_->save(std::move(name), std::move(newest), life);
    }
    asio::awaitable<void> erase(std::string) override { co_return; }
    asio::awaitable<bool> erase_if(std::string, std::string) override { co_return true; }

private:
    std::shared_ptr<live::resumption_store> inner_;
};

/// Omits activityStart on each connection except the first.
void forget_start(mutation::batch& batch, int connection)
{
    if (connection == 1) return;
    std::erase_if(batch, [](const live::base::frame& each) {
        return each.view().find("activityStart") != std::string_view::npos;
    });
}

/// Calls the hook of the user and ignores the base URL that it returns.
asio::awaitable<void> stay(
    std::function<asio::awaitable<void>(live::reconnect_plan&)> hook, live::reconnect_plan& next)
{
    const auto here = next.base_url;
    co_await hook(next);
    next.base_url = here;
}

} // namespace

TEST_CASE("the simulation finds every planted bug")
{
    const auto bug = GENERATE(from_range(std::vector<planted_bug>{
        {"drops a replay",
            [] {
                return altering_replay([](mutation::batch& batch) { batch.erase(batch.begin()); });
            }},
        {"sends a replay twice",
            [] {
                return altering_replay([](mutation::batch& batch) {
                    batch.insert(batch.begin(), batch.front().copy());
                });
            }},
        {"replays in the wrong order",
            [] {
                return altering_replay(
                    [](mutation::batch& batch) { std::reverse(batch.begin(), batch.end()); });
            }},
        {"swaps two messages",
            [] {
                mutation planted;
                planted.sent = [](mutation::batch& batch, int) {
                    if (batch.size() > 1) std::swap(batch[0], batch[1]);
                };
                return planted;
            }},
        {"sends before setupComplete",
            [] {
                mutation planted;
                const auto last = std::make_shared<std::string>();
                planted.sent = [last](mutation::batch& batch, int) {
                    if (!is_setup(batch.front()))
                        *last = batch.front().view();
                    else if (!last->empty())
                        batch.emplace_back(std::string_view(*last));
                };
                return planted;
            }},
        {"sends before the setup",
            [] {
                mutation planted;
                const auto last = std::make_shared<std::string>();
                planted.sent = [last](mutation::batch& batch, int) {
                    if (!is_setup(batch.front()))
                        *last = batch.front().view();
                    else if (!last->empty())
                        batch.insert(batch.begin(), live::base::frame(std::string_view(*last)));
                };
                return planted;
            }},
        {"sends a second setup",
            [] {
                mutation planted;
                planted.sent = [](mutation::batch& batch, int) {
                    if (is_setup(batch.front())) batch.push_back(batch.front().copy());
                };
                return planted;
            }},
        {"resumes with an old handle",
            [] {
                mutation planted;
                const auto first = std::make_shared<std::optional<mutation::message>>();
                planted.received = [first](mutation::message message) {
                    if (!is_update(message)) return list_of(std::move(message));
                    if (!*first) first->emplace(copy(message));
                    // replace each later handle by the first one
                    std::string text(message.payload.view());
                    const auto begin = text.find("handle-");
                    text.replace(begin, text.find('"', begin) - begin, "handle-1");
                    return list_of(
                        mutation::message{message.kind, live::base::padded_buffer(text)});
                };
                return planted;
            }},
        {"omits the handle",
            [] {
                mutation planted;
                planted.sent = [](mutation::batch& batch, int) {
                    std::string text(batch.front().view());
                    const auto at = text.find(R"("handle":")");
                    if (!is_setup(batch.front()) || at == text.npos) return;
                    const auto end = text.find('"', at + 10) + 1;
                    text.erase(at, end - at + (text[end] == ',' ? 1 : 0));
                    batch.front() = live::base::frame(std::string_view(text));
                };
                return planted;
            }},
        {"reads an index that is too high by one", [] { return consumed_off_by(1); }},
        {"reads an index that is too low by one", [] { return consumed_off_by(-1); }},
        {"ignores Retry-After",
            [] {
                mutation planted;
                planted.refused = [](const live::error& why) {
                    auto details = why.details();
                    details.retry_after.reset();
                    return live::error(why.value(), why.what(), details);
                };
                return planted;
            }},
        {"waits half as long as it should",
            [] {
                mutation planted;
                planted.sleep = [](std::chrono::nanoseconds time) { return time / 2; };
                return planted;
            }},
        {"waits without jitter",
            [] {
                mutation planted;
                planted.random = [](double) { return 1.0; };
                return planted;
            }},
        {"waits with half the jitter",
            [] {
                mutation planted;
                planted.random = [](double drawn) { return 0.5 + drawn / 2; };
                return planted;
            }},
        {"starts a new series of attempts too early",
            [] { return with([](auto& options) { options.reconnect.healthy_after = 0ms; }); }},
        {"dials at once whenever the server asks to leave",
            [] {
                mutation planted;
                const auto asked = std::make_shared<bool>(false);
                planted.received = [asked](mutation::message message) {
                    *asked = has(message, R"("goAway")");
                    return list_of(std::move(message));
                };
                planted.random = [asked](double drawn) { return *asked ? 0.0 : drawn; };
                return planted;
            }},
        {"lets the wait exceed max_delay",
            [] { return with([](auto& options) { options.reconnect.max_delay = 1h; }); }},
        {"ignores the limits of attempts",
            [] {
                return with([](auto& options) {
                    options.reconnect.max_attempts = std::nullopt;
                    options.reconnect.first_connect_attempts = std::nullopt;
                });
            }},
        {"ignores max_outage",
            [] { return with([](auto& options) { options.reconnect.max_outage = 0ms; }); }},
        {"retries after a permanent error",
            [] {
                return with([](auto& options) {
                    options.reconnect.on_failure = [](const live::error&, live::failure_context) {
                        return live::reconnect_action::back_off;
                    };
                });
            }},
        {"lets the outbox exceed its limit",
            [] { return with([](auto& options) { options.limits.outbox *= 100; }); }},
        {"lets the inbox exceed its limit",
            [] {
                return with([](auto& options) {
                    options.limits.inbox *= 1000;
                    options.limits.message *= 1000;
                });
            }},
        {"keeps audio that is too old",
            [] { return with([](auto& options) { options.reconnect.realtime_window = 1h; }); }},
        {"drops audio that is not too old",
            [] { return with([](auto& options) { options.reconnect.realtime_window = 0ms; }); }},
        {"does not count what it drops",
            [] {
                mutation planted;
                planted.counters = [](live::session_counters& counters) { counters.dropped = 0; };
                return planted;
            }},
        {"delivers a server message twice",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    auto again = copy(message);
                    return list_of(std::move(message), std::move(again));
                };
                return planted;
            }},
        {"drops a server message",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    if (message.payload.view().find("turnComplete") != std::string_view::npos)
                        return list_of();
                    return list_of(std::move(message));
                };
                return planted;
            }},
        {"delivers server messages in the wrong order",
            [] {
                mutation planted;
                const auto held = std::make_shared<std::optional<mutation::message>>();
                planted.received = [held](mutation::message message) {
                    if (message.payload.view().find("outputTranscription") ==
                        std::string_view::npos)
                        return list_of(std::move(message));
                    if (!*held) {
                        held->emplace(std::move(message));
                        return list_of();
                    }
                    auto earlier = std::move(**held);
                    held->reset();
                    return list_of(std::move(message), std::move(earlier));
                };
                return planted;
            }},
        {"reports its end twice",
            [] {
                mutation planted;
                planted.event = [](const live::session_event& event, const mutation::show& show) {
                    show(event);
                    const auto* change = std::get_if<live::status_change>(&event);
                    if (change && change->to == live::session_status::closed) show(event);
                };
                return planted;
            }},
        {"records a turn twice",
            [] {
                mutation planted;
                planted.event = [](const live::session_event& event, const mutation::show& show) {
                    show(event);
                    if (std::holds_alternative<live::turn_record>(event)) show(event);
                };
                return planted;
            }},
        {"does not record a turn that is cut",
            [] {
                mutation planted;
                planted.event = [](const live::session_event& event, const mutation::show& show) {
                    const auto* record = std::get_if<live::turn_record>(&event);
                    if (!record || record->end != live::turn_end::cut) show(event);
                };
                return planted;
            }},
        {"does not report a lost context",
            [] { return altering_changes([](auto& change) { change.context_lost = false; }); }},
        {"reports a resume that did not happen",
            [] { return altering_changes([](auto& change) { change.resumed = true; }); }},
        {"reports no cause",
            [] { return altering_changes([](auto& change) { change.cause.reset(); }); }},
        {"reports a wrong attempt",
            [] { return altering_changes([](auto& change) { ++change.attempt; }); }},
        {"reports a loss as a handover",
            [] { return altering_changes([](auto& change) { change.handover = true; }); }},
        {"reports another delay than it waits",
            [] { return altering_changes([](auto& change) { change.delay += 100ms; }); }},
        {"reports a lost context that is not lost",
            [] { return altering_changes([](auto& change) { change.context_lost = true; }); }},
        {"does not report a loss",
            [] {
                mutation planted;
                planted.event = [](const live::session_event& event, const mutation::show& show) {
                    const auto* change = std::get_if<live::status_change>(&event);
                    if (!change || change->to != live::session_status::reconnecting) show(event);
                };
                return planted;
            }},
        {"reports more dropped media than there were",
            [] {
                mutation planted;
                planted.counters = [](live::session_counters& counters) {
                    counters.dropped += 1000;
                };
                return planted;
            }},
        {"loses the last message of a batch",
            [] {
                mutation planted;
                planted.sent = [](mutation::batch& batch, int) {
                    if (batch.size() > 1) batch.pop_back();
                };
                return planted;
            }},
        {"waits twice as long as it should",
            [] {
                mutation planted;
                planted.sleep = [](std::chrono::nanoseconds time) { return 2 * time; };
                return planted;
            }},
        {"retries without a wait",
            [] {
                mutation planted;
                planted.random = [](double) { return 0.0; };
                return planted;
            }},
        {"does not increase the wait",
            [] { return with([](auto& options) { options.reconnect.factor = 1; }); }},
        {"gives up after a temporary error",
            [] {
                return with([](auto& options) {
                    options.reconnect.on_failure = [](const live::error&, live::failure_context) {
                        return live::reconnect_action::give_up;
                    };
                });
            }},
        {"drops its handle after any error",
            [] {
                return with([](auto& options) {
                    options.reconnect.on_failure = [](const live::error&, live::failure_context) {
                        return live::reconnect_action::fresh;
                    };
                });
            }},
        {"gives up when an open connection is closed with 1007",
            [] {
                return deciding(
                    [](const live::error& why, live::failure_context when) {
                        return when.was_open && why.close_code() == 1007;
                    },
                    live::reconnect_action::give_up);
            }},
        {"drops its handle when an open connection is closed with 1008",
            [] {
                return deciding(
                    [](const live::error& why, live::failure_context when) {
                        return when.was_open && why.close_code() == 1008;
                    },
                    live::reconnect_action::fresh);
            }},
        {"drops its handle when the quota is exhausted",
            [] {
                return deciding(
                    [](const live::error& why, live::failure_context) {
                        return why.value() == live::errc::quota_exceeded;
                    },
                    live::reconnect_action::fresh);
            }},
        {"gives up when a gateway refuses a reconnect",
            [] {
                return deciding(
                    [](const live::error& why, live::failure_context when) {
                        return when.has_worked && why.http_status() == 502;
                    },
                    live::reconnect_action::give_up);
            }},
        {"gives up when a captive portal answers a reconnect",
            [] {
                return deciding(
                    [](const live::error& why, live::failure_context when) {
                        return when.has_worked && why.http_status() != 0 && why.http_status() < 400;
                    },
                    live::reconnect_action::give_up);
            }},
        {"gives up when TLS fails in a reconnect",
            [] {
                return deciding(
                    [](const live::error& why, live::failure_context when) {
                        return when.has_worked && why.value() == live::errc::tls_failed;
                    },
                    live::reconnect_action::give_up);
            }},
        {"assumes that the next handle includes everything written",
            [] { return answered_early(1u << 20); }},
        {"takes a pong for that of the next ping", [] { return answered_early(1); }},
        {"pings before a message instead of after it",
            [] {
                auto planted = answered_early(0);
                planted.pings_before_send = true;
                return planted;
            }},
        {"does not report maybe_heard",
            [] { return altering_changes([](auto& change) { change.maybe_heard = 0; }); }},
        {"treats an answer like a handle",
            [] {
                return with([](auto& options) {
                    if (options.reconnect.replay == live::replay::all_since_handle)
                        options.reconnect.replay = live::replay::unanswered;
                });
            }},
        {"replays nothing",
            [] {
                return with([](auto& options) { options.reconnect.replay = live::replay::none; });
            }},
        {"leaves its connection open",
            [] {
                mutation planted;
                planted.leaks_connections = true;
                return planted;
            }},
        {"never completes a send",
            [] {
                mutation planted;
                planted.sends_hang_from = 2;
                return planted;
            }},
        {"takes the turnComplete of a function call for the end of the answer",
            [] {
                mutation planted;
                planted.received = [call = std::string()](mutation::message message) mutable {
                    const auto text = message.payload.view();
                    if (const auto at = text.find("call-");
                        at != text.npos && has(message, "toolCall\""))
                        call = text.substr(at, text.find('"', at) - at);
                    if (!has(message, call_end)) return list_of(std::move(message));
                    // Without the call, this is the end of an empty turn.
                    mutation::message none{message.kind,
                        live::base::padded_buffer(
                            R"({"toolCallCancellation":{"ids":["planted",")" + call + "\"]}}")};
                    return list_of(std::move(none), std::move(message));
                };
                hide_planted(planted);
                return planted;
            }},
        {"opens a turn at late words",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    constexpr std::string_view late = R"("outputTranscription":{"text":" late"})";
                    if (!has(message, late)) return list_of(std::move(message));
                    return list_of(
                        with_text(message, late, R"("modelTurn":{"parts":[{"text":" late"}]})"));
                };
                return planted;
            }},
        {"opens a turn at a generationComplete after turnComplete",
            [] {
                mutation planted;
                planted.received = [ended = false](mutation::message message) mutable {
                    constexpr std::string_view generated = R"("generationComplete":true)";
                    const bool after =
                        std::exchange(ended, has(message, R"("turnComplete":true})"));
                    if (!after || !has(message, generated)) return list_of(std::move(message));
                    return list_of(
                        with_text(message, generated, R"("modelTurn":{"parts":[{"text":"-"}]})"));
                };
                return planted;
            }},
        {"opens a turn at an empty message after turnComplete",
            [] {
                mutation planted;
                planted.received = [ended = false](mutation::message message) mutable {
                    constexpr std::string_view nothing = R"("serverContent":{})";
                    const bool after =
                        std::exchange(ended, has(message, R"("turnComplete":true})"));
                    if (!after || !has(message, nothing)) return list_of(std::move(message));
                    return list_of(with_text(message, nothing,
                        R"("serverContent":{"modelTurn":{"parts":[{"text":"-"}]}})"));
                };
                return planted;
            }},
        {"reports a cut answer that had ended",
            [] {
                return altering_changes([](auto& change) {
                    change.ask_again =
                        change.ask_again || change.to == live::session_status::reconnecting;
                });
            }},
        {"does not report that an answer was cut",
            [] { return altering_changes([](auto& change) { change.ask_again = false; }); }},
        {"does not report at a handover that an answer was cut",
            [] {
                return altering_changes(
                    [](auto& change) { change.ask_again = change.ask_again && !change.handover; });
            }},
        {"reports stalled when no question is open",
            [] {
                mutation planted;
                planted.event = [](const live::session_event& event, const mutation::show& show) {
                    show(event);
                    const auto* message = std::get_if<live::server_message>(&event);
                    if (message && message->turn_complete())
                        show(live::session_event(live::stalled{}));
                };
                return planted;
            }},
        {"drops a message with one malformed member",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    const bool is_spoilt =
                        has(message, R"("many")") || has(message, R"("speechState":[7])");
                    return list_of(
                        is_spoilt ? mutation::message{message.kind, live::base::padded_buffer("{")}
                                  : std::move(message));
                };
                return planted;
            }},
        {"drops a handle that comes with a malformed member",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    constexpr std::string_view corrupt = R"("resumable":"certainly")";
                    if (!has(message, corrupt)) return list_of(std::move(message));
                    return list_of(with_text(message, corrupt, R"("resumable":false)"));
                };
                return planted;
            }},
        {"reports turn_in_doubt for any malformed member",
            [] {
                mutation planted;
                planted.event = [](const live::session_event& event, const mutation::show& show) {
                    const auto* unread = std::get_if<live::malformed_message>(&event);
                    if (!unread) return show(event);
                    auto other = *unread;
                    other.turn_in_doubt = true;
                    show(live::session_event(std::move(other)));
                };
                return planted;
            }},
        {"loses the response to a function call",
            [] {
                mutation planted;
                planted.sent = [lost = false](mutation::batch& batch, int) mutable {
                    if (lost || batch.size() < 2 || !is_final_response(batch.back())) return;
                    batch.pop_back();
                    lost = true;
                };
                return planted;
            }},
        {"answers a function call twice",
            [] {
                mutation planted;
                planted.sent = [](mutation::batch& batch, int) {
                    if (is_final_response(batch.back())) batch.push_back(batch.back().copy());
                };
                return planted;
            }},
        {"takes a part of an answer for the whole",
            [] {
                mutation planted;
                planted.sent = [](mutation::batch& batch, int) {
                    constexpr std::string_view more = R"(,"willContinue":true)";
                    for (auto& each : batch) {
                        std::string text(each.view());
                        const auto at = text.find(more);
                        if (at == text.npos) continue;
                        text.erase(at, more.size());
                        each = live::base::frame(std::string_view(text));
                    }
                };
                return planted;
            }},
        {"answers a call that was canceled",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    constexpr std::string_view canceled = R"("toolCallCancellation":{"ids":["call)";
                    if (!has(message, canceled)) return list_of(std::move(message));
                    return list_of(
                        with_text(message, canceled, R"("toolCallCancellation":{"ids":["other)"));
                };
                return planted;
            }},
        {"answers a call under another id",
            [] {
                mutation planted;
                planted.received = [](mutation::message message) {
                    constexpr std::string_view call = R"({"id":"call-)";
                    if (!has(message, call)) return list_of(std::move(message));
                    return list_of(with_text(message, call, R"({"id":"call-9)"));
                };
                return planted;
            }},
        {"runs more calls at once than allowed",
            [] { return with_tools([](auto& options) { options.at_once *= 2; }); }},
        {"lets calls run after their deadline",
            [] { return with_tools([](auto& options) { options.deadline *= 2; }); }},
        {"ends calls before their deadline",
            [] { return with_tools([](auto& options) { options.deadline /= 2; }); }},
        {"does not tell of the end of a canceled call",
            [] {
                return altering_tool_events(
                    [](const auto& event) { return ended_as(event, live::call_ending::canceled); },
                    [](const auto&, const auto&) {});
            }},
        {"tells of the end of a call twice",
            [] {
                return altering_tool_events(
                    [](const auto& event) { return ended_as(event, live::call_ending::answered); },
                    [](const auto& event, const auto& pass_on) {
                        pass_on(event);
                        pass_on(event);
                    });
            }},
        {"calls a failure a result",
            [] {
                return altering_tool_events(
                    [](const auto& event) { return ended_as(event, live::call_ending::failed); },
                    [](auto event, const auto& pass_on) {
                        event.ending = live::call_ending::answered;
                        pass_on(event);
                    });
            }},
        {"calls a call forgotten that was canceled",
            [] {
                return altering_tool_events(
                    [](const auto& event) { return ended_as(event, live::call_ending::canceled); },
                    [](auto event, const auto& pass_on) {
                        event.ending = live::call_ending::forgotten;
                        pass_on(event);
                    });
            }},
        {"leaves a timer behind",
            [] {
                mutation planted;
                planted.leaks_timer = true;
                return planted;
            }},
    }));
    const auto seeds = seeds_until_found(bug.make);
    INFO("a session that " << bug.name);
    CHECK(seeds != 0);
}

TEST_CASE("bugs that need two rare conditions are found within 300 seeds")
{
    const auto bug = GENERATE(from_range(std::vector<planted_bug>{
        {"continues an activity without a new activityStart",
            [] {
                mutation planted;
                planted.sent = forget_start;
                return planted;
            }},
        {"leaves a refused handle in the store",
            [] {
                return with([](auto& options) {
                    if (options.resumption_store)
                        options.resumption_store =
                            std::make_shared<sticky_store>(options.resumption_store);
                });
            }},
        {"uses the old base URL after a change",
            [] {
                return with([](auto& options) {
                    if (!options.on_reconnecting) return;
                    options.on_reconnecting = [hook = options.on_reconnecting](
                                                  live::reconnect_plan& next) {
                        return stay(hook, next);
                    };
                });
            }},
    }));
    constexpr int few_hundred = 300;
    const auto seeds = seeds_until_found(bug.make, few_hundred);
    INFO("a session that " << bug.name);
    CHECK(seeds != 0);
}
