// SPDX-License-Identifier: Apache-2.0
#include "emulator/server/token_gate.hpp"

#include "protocol/json_reader.hpp"

#include <gemini/live/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace gemini::live::emulator {
namespace {

using protocol::json_value;

/// Returns the setup in a message, or nothing if there is none or `inner` will refuse the message.
std::optional<json_value> setup_in(std::string_view text)
{
    try {
        auto setup = json_value::parse(text).find("setup");
        if (setup && setup->is_object()) return setup;
    } catch (const error&) {
    }
    return std::nullopt;
}

} // namespace

token_gate::token_gate(std::unique_ptr<server_session> inner, std::shared_ptr<auth_tokens> tokens,
    std::string token, std::function<auth_tokens::time_point()> clock)
    : inner_(std::move(inner)), tokens_(std::move(tokens)), token_(std::move(token)),
      clock_(std::move(clock))
{
}

actions token_gate::on_message(std::string_view text, moment now)
{
    if (over_) return {};
    if (!std::exchange(admitted_, true)) return hear_first(text, now);
    if (auto end = tokens_->find_end(token_, clock_())) return refuse(std::move(*end));
    return inner_->on_message(text, now);
}

actions token_gate::hear_first(std::string_view text, moment now)
{
    const auto asked = setup_in(text);
    if (!asked) return inner_->on_message(text, now);
    auto admitted = tokens_->admit(token_, *asked, clock_());
    if (auto* const why = std::get_if<refusal>(&admitted)) return refuse(std::move(*why));
    return inner_->on_message(
        fmt::format(R"({{"setup":{}}})", std::get<std::string>(admitted)), now);
}

actions token_gate::refuse(refusal why)
{
    over_ = true;
    actions result;
    result.close.emplace(why.code, std::move(why.reason));
    result.rule = std::move(why.rule);
    return result;
}

actions token_gate::on_timer(moment now) { return over_ ? actions{} : inner_->on_timer(now); }

std::optional<moment> token_gate::next_timer() const
{
    return over_ ? std::nullopt : inner_->next_timer();
}

} // namespace gemini::live::emulator
