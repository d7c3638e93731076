// SPDX-License-Identifier: Apache-2.0
#include "transport/http_text.hpp"

#include <fmt/format.h>

namespace gemini::live::transport {
namespace {

const char* status_text(int status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Refused";
    }
}

} // namespace

void append_encoded(std::string& to, std::string_view decoded)
{
    constexpr std::string_view special = "%&+#?\"<>\\^`{|}";
    for (const char each : decoded) {
        const auto byte = static_cast<unsigned char>(each);
        if (byte <= ' ' || byte >= 0x7f || special.find(each) != special.npos)
            to += fmt::format("%{:02X}", byte);
        else
            to += each;
    }
}

std::string response_text(const http_response& response)
{
    auto text = fmt::format("HTTP/1.1 {} {}\r\n", response.status, status_text(response.status));
    for (const auto& [name, value] : response.fields)
        text += fmt::format("{}: {}\r\n", name, value);
    text += fmt::format(
        "Connection: close\r\nContent-Length: {}\r\n\r\n{}", response.body.size(), response.body);
    return text;
}

} // namespace gemini::live::transport
