// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace gemini::live::emulator {

/// A parameter of a declared function.
struct parameter {
    std::string name;
    std::string type; ///< In lower case: "string".
    std::vector<std::string> choices{};
    bool required = false;
};

/// What the model does until a function call is answered.
enum class waiting {
    blocked,  ///< It waits. A response is answered at once, whatever its scheduling.
    silent,   ///< It is silent but could speak, so scheduling matters.
    talks_on, ///< It continues talking. Interrupting it does not cancel the call.
};

/// A function declared by the client.
struct declared_function {
    std::string name;
    std::string description{};
    std::vector<parameter> parameters{}; ///< In the order of the schema.
    waiting wait = waiting::blocked;
};

/// The tools that the client offers to the model.
struct toolbox {
    std::vector<declared_function> functions{};
    bool searches = false;
    bool runs_code = false;
    bool reads_pages = false;
    bool knows_places = false;
    bool streams_arguments = false; ///< Of calls, in pieces: Vertex AI.
};

} // namespace gemini::live::emulator
