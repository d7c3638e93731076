// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/rules/auth_tokens.hpp"
#include "emulator/server/server_session.hpp"

#include <functional>
#include <memory>
#include <string>

namespace gemini::live::emulation {

/// A client that came with an ephemeral token: its setup is what the token makes of it, and its
/// messages are taken as long as the token lasts. All else is for `inner`.
class token_gate : public server_session {
public:
    token_gate(std::unique_ptr<server_session> inner, std::shared_ptr<auth_tokens> tokens,
        std::string token, std::function<auth_tokens::time_point()> clock);

    [[nodiscard]] actions on_message(std::string_view text, moment now) override;
    [[nodiscard]] actions on_timer(moment now) override;
    [[nodiscard]] std::optional<moment> next_timer() const override;

private:
    [[nodiscard]] actions refuse(refusal why);
    [[nodiscard]] actions hear_first(std::string_view text, moment now);

    std::unique_ptr<server_session> inner_;
    std::shared_ptr<auth_tokens> tokens_;
    std::string token_;
    std::function<auth_tokens::time_point()> clock_;
    bool admitted_ = false;
    bool over_ = false;
};

} // namespace gemini::live::emulation
