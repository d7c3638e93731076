// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace gemini::live::emulation {

/// A parameter of a declared function.
struct parameter {
    std::string name;
    std::string type; ///< In lower case: "string".
    std::vector<std::string> choices{};
    bool required = false;
};

/// What the model does until a function has answered.
enum class waiting {
    blocked,  ///< It waits: the response is answered at once, whatever its scheduling.
    silent,   ///< It says nothing, but might: scheduling counts.
    talks_on, ///< It goes on talking; who talks to it does not make it give the call up.
};

/// A function that the client declared.
struct declared_function {
    std::string name;
    std::string description{};
    std::vector<parameter> parameters{}; ///< In the order of the schema.
    waiting wait = waiting::blocked;
};

/// What the client lets the model use.
struct toolbox {
    std::vector<declared_function> functions{};
    bool searches = false;
    bool runs_code = false;
    bool reads_pages = false;
    bool knows_places = false;
    bool streams_arguments = false; ///< Of calls, in pieces: Vertex AI.
};

} // namespace gemini::live::emulation
