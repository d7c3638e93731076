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

#pragma GCC visibility push(default)
namespace gemini::live {

/// Which fields of a session's setup a token locks at the values of its constraints.
namespace lock {
/// All fields: the constraints replace the session's setup entirely.
struct all {
    friend bool operator==(const all&, const all&) = default;
};
/// The fields that the constraints set.
struct set_fields {
    friend bool operator==(const set_fields&, const set_fields&) = default;
};
/// The fields that the constraints set, and the named ones at their defaults. Names are those of
/// the wire: "outputAudioTranscription", "temperature", "generationConfig.seed".
struct fields {
    fields(std::initializer_list<std::string> names_) : names(names_) {}
    explicit fields(std::vector<std::string> names_) : names(std::move(names_)) {}

    std::vector<std::string> names; ///< The fields that are locked at their defaults.
    friend bool operator==(const fields&, const fields&) = default;
};
} // namespace lock
/// One of the ways in which a token locks fields.
using field_lock = std::variant<lock::all, lock::set_fields, lock::fields>;

/// What an ephemeral token permits. Absent members are left to the service.
struct ephemeral_token_request {
    ephemeral_token_request() = default;

    /// Number of sessions that the token may open; 0: any number. Resuming a session does not
    /// count. The service's default is 1. Wire: uses.
    std::optional<int> uses{};
    /// Messages after this time are rejected. Less than 20 hours ahead; the service's default is 30
    /// minutes. Wire: expireTime.
    std::optional<std::chrono::system_clock::time_point> expire_time{};
    /// No session can be opened after this time. Less than 20 hours ahead; the service's default is
    /// one minute. Wire: newSessionExpireTime.
    std::optional<std::chrono::system_clock::time_point> new_session_expire_time{};

    /// The setup that applies to sessions with this token, whatever they request. Its
    /// `session_resumption`, on by default, lets them resume; it needs no handle. The model may be
    /// empty if `lock` leaves it to the session. Empty (`= {}`): the defaults of a setup, without a
    /// model. Wire: bidiGenerateContentSetup.
    switchable<setup> constraints = off;
    /// Which of the setup's fields are locked; the session's own values apply to the others.
    /// Without constraints, `lock::all` locks nothing. Wire: fieldMask.
    field_lock lock = lock::all{};

    /// Empty: `client_options::api_version`, or v1alpha if that is empty too.
    std::string api_version{};
};

} // namespace gemini::live
#pragma GCC visibility pop
