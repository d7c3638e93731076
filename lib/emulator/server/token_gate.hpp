// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/emulator/auth_tokens_test.cpp
#pragma once

#include "emulator/rules/auth_tokens.hpp"
#include "emulator/server/server_session.hpp"

#include <functional>
#include <memory>
#include <string>

namespace gemini::live::emulator {

/// Wraps the session of a client that connected with an ephemeral token. The token determines the
/// effective setup, and messages are accepted while the token is valid. Everything else is left to
/// `inner`.
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

} // namespace gemini::live::emulator
