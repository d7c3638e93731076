// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/model_quirks.hpp>
#include <gemini/live/setup.hpp>

#include <span>

/// Checks for what a model is known to refuse. Each function throws errc::invalid_argument, naming
/// the member.
namespace gemini::live::protocol {

void validate(const setup& setup, const model_quirks& quirks);
void validate(std::span<const function_response> responses, const model_quirks& quirks);
void validate(const context_update& update, const model_quirks& quirks);
/// Checks client content sent in a session with this setup.
void validate_content(const setup& setup, const model_quirks& quirks);

} // namespace gemini::live::protocol
