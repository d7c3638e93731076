// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/setup.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace gemini::live {

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
    /// where `lock_additional_fields` leaves it to the session.
    /// Empty (`= {}`): the defaults of a setup, without a model.
    switchable<setup> constraints = off;
    /// Which of the setup's fields are locked; of the others the session's own hold.
    ///
    /// - `live::off`, with constraints: all. They replace the session's setup as a whole.
    /// - Empty (`= {}`): those that the constraints set.
    /// - Names: those, too, at their defaults where the constraints do not set them. As on the
    ///   wire: "outputAudioTranscription", "temperature", "generationConfig.seed".
    switchable<std::vector<std::string>> lock_additional_fields = off;

    /// Empty: `client_options::api_version`, and without one v1alpha.
    std::string api_version{};
};

} // namespace gemini::live
