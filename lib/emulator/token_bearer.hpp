// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "emulator/auth_tokens.hpp"
#include "emulator/responder.hpp"

#include <functional>
#include <memory>
#include <string>

namespace gemini::live::emulation {

/// A client that came with an ephemeral token: its setup is what the token makes of it, and its
/// messages are taken as long as the token lasts. All else is for `inner`.
class token_bearer : public responder {
public:
    token_bearer(std::unique_ptr<responder> inner, std::shared_ptr<auth_tokens> tokens,
        std::string token, std::function<auth_tokens::time_point()> clock);

    [[nodiscard]] output hear(std::string_view text, moment now) override;
    [[nodiscard]] output tick(moment now) override;
    [[nodiscard]] std::optional<moment> next_tick() const override;

private:
    [[nodiscard]] output refuse(refusal why);
    [[nodiscard]] output hear_first(std::string_view text, moment now);

    std::unique_ptr<responder> inner_;
    std::shared_ptr<auth_tokens> tokens_;
    std::string token_;
    std::function<auth_tokens::time_point()> clock_;
    bool admitted_ = false;
    bool over_ = false;
};

} // namespace gemini::live::emulation
