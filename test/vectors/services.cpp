// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"

namespace live = gemini::live;

namespace vectors {

std::vector<service> services_of(const json_value& test)
{
    const auto name = test.find("flavour") ? test.find("flavour")->string().value_or("") : "gemini";
    if (name == "vertex") return {{live::flavour::vertex_ai, false}};
    if (name == "vertex-express") return {{live::flavour::vertex_ai, true}};
    if (name == "both")
        return {{live::flavour::gemini_api, false}, {live::flavour::vertex_ai, false}};
    return {{live::flavour::gemini_api, false}};
}

live::client_options options_for(const service& to)
{
    live::client_options options;
    options.flavour = to.flavour;
    options.credentials = live::api_key("test-api-key");
    options.lint = false; // the cases are about the wire, whatever a model may take of it
    if (to.flavour == live::flavour::vertex_ai && !to.express) {
        options.project = "test-project";
        options.location = "us-central1";
        options.credentials = live::access_token("ya29.stub-token");
    }
    return options;
}

} // namespace vectors
