// SPDX-License-Identifier: Apache-2.0
#include "vectors/driver.hpp"

namespace live = gemini::live;

namespace vectors {

std::vector<service> services_of(const json_value& test)
{
    const auto name = test.find("flavour") ? test.find("flavour")->string().value_or("") : "gemini";
    if (name == "vertex") return {{live::backend::vertex_ai, false}};
    if (name == "vertex-express") return {{live::backend::vertex_ai, true}};
    if (name == "both")
        return {{live::backend::gemini_api, false}, {live::backend::vertex_ai, false}};
    return {{live::backend::gemini_api, false}};
}

live::client_options options_for(const service& to)
{
    live::client_options options;
    options.backend = to.backend;
    options.credentials = live::api_key("test-api-key");
    options.validate = false; // the cases are about the wire, whatever a model accepts
    if (to.backend == live::backend::vertex_ai && !to.express) {
        options.project = "test-project";
        options.location = "us-central1";
        options.credentials = live::access_token("ya29.stub-token");
    }
    return options;
}

} // namespace vectors
