// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/setup.hpp>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gemini::live {

/// Which fields of a session's setup a token locks at what its constraints say.
namespace lock {
/// All: the constraints replace the session's setup as a whole.
struct all {
    friend bool operator==(const all&, const all&) = default;
};
/// Those that the constraints set.
struct set_fields {
    friend bool operator==(const set_fields&, const set_fields&) = default;
};
/// Those that the constraints set, and these at their defaults. Names as on the wire:
/// "outputAudioTranscription", "temperature", "generationConfig.seed".
struct fields {
    fields(std::initializer_list<std::string> names_) : names(names_) {}
    explicit fields(std::vector<std::string> names_) : names(std::move(names_)) {}

    std::vector<std::string> names;
    friend bool operator==(const fields&, const fields&) = default;
};
} // namespace lock
using field_lock = std::variant<lock::all, lock::set_fields, lock::fields>;

/// What an ephemeral token is good for. What is absent is left to the service.
struct ephemeral_token_request {
    ephemeral_token_request() = default;

    /// Sessions that it may open; 0: any number. To resume one does not count. The service's
    /// default is 1.
    std::optional<int> uses{};
    /// Messages after it are rejected. Less than 20 hours ahead; by default 30 minutes.
    std::optional<std::chrono::system_clock::time_point> expire_time{};
    /// No new session after it. Less than 20 hours ahead; by default one minute.
    std::optional<std::chrono::system_clock::time_point> new_session_expire_time{};

    /// What holds for sessions with this token, whatever they ask for. Its `session_resumption`,
    /// which is there by default, lets them resume; it needs no handle. The model may be left empty
    /// where `lock` leaves it to the session.
    /// Empty (`= {}`): the defaults of a setup, without a model.
    switchable<setup> constraints = off;
    /// Which of the setup's fields are locked; of the others the session's own hold. Without
    /// constraints, `lock::all` locks nothing.
    field_lock lock = lock::all{};

    /// Empty: `client_options::api_version`, and without one v1alpha.
    std::string api_version{};
};

} // namespace gemini::live
