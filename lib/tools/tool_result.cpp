// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/tools/toolset_test.cpp
#include <gemini/live/toolset.hpp>

#include "protocol/json_reader.hpp"

#include <utility>

namespace gemini::live {
namespace {

json in_object(json value)
{
    if (value.is_object()) return value;
    return json::object().add("output", value);
}

/// The form that Google recommends for results that must not make the model call again.
json with_status(const char* status, bool retryable, std::string_view message)
{
    return json::object().add("status", status).add("retryable", retryable).add("message", message);
}

} // namespace

tool_result::tool_result() : response(json::object().add("output", "done")) {}
tool_result::tool_result(json value) : response(in_object(std::move(value))) {}
tool_result::tool_result(std::string_view output) : response(json::object().add("output", output))
{
}

tool_result tool_result::failure(std::string_view why) { return json::object().add("error", why); }

tool_result tool_result::no_results(std::string_view message)
{
    return with_status("no_results", false, message);
}

tool_result tool_result::invalid_argument(
    std::string_view message, const std::vector<std::string>& valid_options)
{
    auto response = with_status("invalid_argument", false, message);
    if (valid_options.empty()) return response;
    auto options = json::array();
    for (const auto& each : valid_options) options.push(each);
    return std::move(response).add("valid_options", options);
}

tool_result tool_result::try_again(std::string_view message, std::string_view hint)
{
    return with_status("failed", true, message).add("retry_hint", hint);
}

tool_result detail::end_of_parts()
{
    tool_result end(json::object());
    end.scheduling = scheduling::silent;
    return end;
}

} // namespace gemini::live
