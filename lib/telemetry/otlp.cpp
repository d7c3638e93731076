// SPDX-License-Identifier: Apache-2.0
#include "telemetry/otlp.hpp"

#include "protocol/json_writer.hpp"

#include <gemini/live/version.hpp>

#include <fmt/format.h>

namespace gemini::live::telemetry {
namespace {

using protocol::json_writer;

std::string unix_nanoseconds(std::chrono::system_clock::time_point when)
{
    using std::chrono::nanoseconds;
    return std::to_string(std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count());
}

/// An attribute: {"key": …, "value": {"stringValue": …}}. Whole numbers are strings.
class attribute_writer {
public:
    explicit attribute_writer(json_writer& to) : to_(to) {}

    void operator()(std::string_view value) { to_.member("stringValue", value); }
    void operator()(std::int64_t value) { to_.member("intValue", std::to_string(value)); }
    void operator()(double value) { to_.member("doubleValue", value); }

private:
    json_writer& to_;
};

void write_attribute(json_writer& to, std::string_view key, const span::value& value)
{
    to.begin_object().member("key", key).key("value").begin_object();
    std::visit(attribute_writer(to), value);
    to.end_object().end_object();
}

void write_span(json_writer& to, const trace_id& trace, const span& one)
{
    to.begin_object()
        .member("traceId", fmt::format("{:016x}{:016x}", trace[0], trace[1]))
        .member("spanId", fmt::format("{:016x}", one.id));
    if (one.parent != 0) to.member("parentSpanId", fmt::format("{:016x}", one.parent));
    to.member("name", one.name)
        .member("kind", static_cast<int>(one.what))
        .member("startTimeUnixNano", unix_nanoseconds(one.start))
        .member("endTimeUnixNano", unix_nanoseconds(one.end));
    to.key("attributes").begin_array();
    for (const auto& [key, value] : one.attributes) write_attribute(to, key, value);
    to.end_array();
    constexpr int error = 2;
    to.key("status").begin_object();
    if (one.has_failed) to.member("code", error);
    to.end_object().end_object();
}

} // namespace

std::string export_request(
    const trace_id& trace, std::span<const span> spans, std::string_view convention)
{
    json_writer to;
    to.begin_object().key("resourceSpans").begin_array().begin_object();
    to.key("resource").begin_object().key("attributes").begin_array();
    write_attribute(to, "telemetry.sdk.language", std::string_view("cpp"));
    write_attribute(to, "telemetry.sdk.name", std::string_view("gemini-live"));
    write_attribute(to, "telemetry.sdk.version", std::string_view(version()));
    to.end_array().end_object();
    to.key("scopeSpans").begin_array().begin_object();
    to.key("scope").begin_object().member("name", "gemini-live").member("version", version());
    to.key("attributes").begin_array();
    write_attribute(to, "gemini_live.conventions", convention);
    to.end_array().end_object();
    to.key("spans").begin_array();
    for (const auto& each : spans) write_span(to, trace, each);
    to.end_array().end_object().end_array().end_object().end_array().end_object();
    return to.take();
}

} // namespace gemini::live::telemetry
