// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/content.hpp>

#include <optional>
#include <string>
#include <vector>

namespace chat {

/// The options of the command line.
struct options {
    std::string model{}; ///< Empty: see `choose_model`.
    std::string url{};   ///< Empty: the service, or the built-in emulator when there is no key.
    bool vertex = false; ///< Vertex AI rather than the Gemini API.
    std::string project{};
    std::string location{};
    std::string system{};           ///< The system instruction; empty: none.
    std::string voice{};            ///< Empty: the service's choice.
    std::string ca{};               ///< A file of certificates to trust as well; empty: none.
    std::vector<std::string> mcp{}; ///< Servers of tools: commands and URLs.
    gemini::live::open_enum<gemini::live::modality> answers{}; ///< Empty: see `choose_model`.
};

/// Parses the command line. Returns nothing if the program is to exit: after --help or --version,
/// or after a complaint; `exit_code` is set then.
[[nodiscard]] std::optional<options> read_options(int argc, char* argv[], int& exit_code);

/// Fills in `model` and `answers`: a model that can answer in the requested way, and an answer that
/// the model can produce. The emulator has a text model. Returns what is wrong, for the user, if
/// the two do not go together; empty otherwise.
[[nodiscard]] std::string choose_model(options& wishes, bool with_emulator);

/// Rewrites a sentence of the library in terms of what the user has typed: "--url" rather than the
/// `client_options::base_url` that this program sets from it.
[[nodiscard]] std::string in_terms_of_options(std::string sentence, const options& wishes);

} // namespace chat
