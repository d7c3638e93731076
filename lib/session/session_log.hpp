// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/log.hpp>
#include <gemini/live/session.hpp>

/// What a session writes to the log.
namespace gemini::live {

void log(const logger& to, const status_change& change);
void log(const logger& to, const malformed_message& unread);
void log(const logger& to, const stalled& silence);
void log(const logger& to, const memory_doubtful& doubt);
void log(const logger& to, const turn_record& record);
/// Reports that the newest handle could not be saved.
void log_unsaved(const logger& to, const error& failure);
/// Reports that another session has saved a handle under this session's name.
void log_displaced(const logger& to);

} // namespace gemini::live
