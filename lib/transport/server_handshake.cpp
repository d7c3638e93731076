// SPDX-License-Identifier: Apache-2.0
#include "transport/server_handshake.hpp"

#include "transport/http_fields.hpp"
#include "transport/http_text.hpp"
#include "transport/lws_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace gemini::live::transport {
namespace {

/// Those fields unknown to lws that programs send to the Live API.
constexpr std::array<std::string_view, 5> fields_of_clients = {"metadata-flavor:",
    "x-goog-api-key:", "x-goog-api-client:", "x-goog-user-project:", "x-goog-request-params:"};

constexpr std::array<std::pair<lws_token_indexes, std::string_view>, 7> methods{
    {{WSI_TOKEN_GET_URI, "GET"}, {WSI_TOKEN_HEAD_URI, "HEAD"}, {WSI_TOKEN_POST_URI, "POST"},
        {WSI_TOKEN_PUT_URI, "PUT"}, {WSI_TOKEN_PATCH_URI, "PATCH"},
        {WSI_TOKEN_DELETE_URI, "DELETE"}, {WSI_TOKEN_OPTIONS_URI, "OPTIONS"}}};

/// lws has removed the percent-encoding; what a URL cannot do without is restored.
std::string query_of(lws* connection, std::span<char> scratch)
{
    std::string query;
    for (int i = 0;; ++i) {
        const int size = lws_hdr_copy_fragment(connection, scratch.data(),
            static_cast<int>(scratch.size()), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (size < 0) return query;
        if (i != 0) query += '&';
        append_encoded(query, {scratch.data(), static_cast<std::size_t>(size)});
    }
}

} // namespace

upgrade_request read_request(lws* connection, std::span<char> scratch)
{
    upgrade_request request;
    append_encoded(request.path, read_field(connection, WSI_TOKEN_GET_URI, scratch));
    request.query = query_of(connection, scratch);
    request.fields = read_fields(connection, fields_of_clients, scratch);
    return request;
}

std::optional<upgrade_verdict> fault_in(const upgrade_request& request)
{
    const auto value = [&](std::string_view name) { return header_of(request.fields, name); };
    if (value("sec-websocket-version") != "13") {
        return upgrade_verdict{426, {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}},
            "Only version 13 of the WebSocket protocol is spoken here.\n"};
    }
    if (request.path.empty() || value("host").empty() || value("sec-websocket-key").empty())
        return upgrade_verdict{400, {}, "This is no WebSocket upgrade request.\n"};
    if (!value("sec-websocket-protocol").empty())
        return upgrade_verdict{400, {}, "No WebSocket subprotocol is known here.\n"};
    return std::nullopt;
}

plain_request read_plain_request(lws* connection, std::span<char> scratch)
{
    plain_request request;
    for (const auto& [token, name] : methods) {
        if (lws_hdr_total_length(connection, token) == 0) continue;
        request.method = name;
        append_encoded(request.path, read_field(connection, token, scratch));
    }
    request.query = query_of(connection, scratch);
    request.fields = read_fields(connection, fields_of_clients, scratch);
    return request;
}

bool has_body(const plain_request& request) noexcept
{
    const auto length = header_of(request.fields, "content-length");
    return !length.empty() && length != "0";
}

std::optional<http_response> fault_in(const plain_request& request, std::size_t max_body)
{
    const auto length = header_of(request.fields, "content-length");
    const bool wants_length = request.method.starts_with('P'); // POST, PUT, PATCH
    if (!header_of(request.fields, "transfer-encoding").empty() || (wants_length && length.empty()))
        return http_response{411, {}, "Content-Length is needed here.\n"};
    std::size_t size = 0;
    const auto* const end = length.data() + length.size();
    const auto [stopped, failed] = std::from_chars(length.data(), end, size);
    if (!length.empty() && (stopped != end || failed == std::errc::invalid_argument))
        return http_response{400, {}, "Content-Length is not a number.\n"};
    if (failed == std::errc::result_out_of_range || size > max_body)
        return http_response{413, {}, fmt::format("The body is over {} bytes.\n", max_body)};
    return std::nullopt;
}

bool add_fields(lws* connection, lws_process_html_args& answer, const headers& fields)
{
    const auto bytes = [](const std::string& text) {
        return reinterpret_cast<const unsigned char*>(text.c_str());
    };
    auto* position = reinterpret_cast<unsigned char*>(answer.p);
    auto* const end = position + answer.max_len;
    for (const auto& [name, value] : fields) {
        const auto name_and_colon = name + ':';
        if (lws_add_http_header_by_name(connection, bytes(name_and_colon), bytes(value),
                static_cast<int>(value.size()), &position, end) != 0)
            return false;
    }
    answer.p = reinterpret_cast<char*>(position);
    return true;
}

} // namespace gemini::live::transport
