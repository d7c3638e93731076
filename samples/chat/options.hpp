// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

#include <optional>
#include <string>

namespace chat {

/// What the command line says.
struct options {
    std::string model = "gemini-3.8-live";
    std::string url{};   ///< Empty: the service, or the built-in emulator when there is no key.
    bool vertex = false; ///< Vertex AI rather than the Gemini API.
    std::string project{};
    std::string location{};
    std::string system{}; ///< The system instruction; empty: none.
    std::string voice{};  ///< Empty: the service's choice.
    gemini::live::modalities answers = gemini::live::modality::audio;
};

/// Reads the command line. Gives nothing when it has been answered already: by --help or
/// --version, or with a complaint; `exit_code` is set then.
[[nodiscard]] std::optional<options> read_options(int argc, char* argv[], int& exit_code);

} // namespace chat
