// SPDX-License-Identifier: Apache-2.0
/// Everything that a conversation with the Gemini Live API needs.
#pragma once

#include <gemini/live/async_generator.hpp>
#include <gemini/live/backend.hpp>
#include <gemini/live/client.hpp>
#include <gemini/live/content.hpp>
#include <gemini/live/counters.hpp>
#include <gemini/live/credentials.hpp>
#include <gemini/live/ephemeral_token.hpp>
#include <gemini/live/ephemeral_token_request.hpp>
#include <gemini/live/error.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/log.hpp>
#include <gemini/live/mcp.hpp>
#include <gemini/live/messages.hpp>
#include <gemini/live/model_quirks.hpp>
#include <gemini/live/music.hpp>
#include <gemini/live/music_session.hpp>
#include <gemini/live/network.hpp>
#include <gemini/live/open_enum.hpp>
#include <gemini/live/reconnect.hpp>
#include <gemini/live/reconnect_plan.hpp>
#include <gemini/live/restart_policy.hpp>
#include <gemini/live/resumption_store.hpp>
#include <gemini/live/secret.hpp>
#include <gemini/live/session.hpp>
#include <gemini/live/session_event.hpp>
#include <gemini/live/session_group.hpp>
#include <gemini/live/setup.hpp>
#include <gemini/live/switchable.hpp>
#include <gemini/live/tool.hpp>
#include <gemini/live/turn.hpp>
#include <gemini/live/version.hpp>
#include <gemini/live/wire_tap.hpp>
#include <gemini/live/within.hpp>
