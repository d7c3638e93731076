// SPDX-License-Identifier: Apache-2.0
#include "transport/upgrade.hpp"

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/excerpt.hpp"

#include <openssl/evp.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <vector>

namespace gemini::live::transport {
namespace {

std::string base64(std::span<const std::byte> bytes)
{
    std::string text(base::base64_size(bytes.size()), ' ');
    base::base64_encode(bytes, text.data());
    return text;
}

/// What a server has to answer to a key.
std::string accept_for(const std::string& key)
{
    const auto text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<std::byte, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(hash.data()), &size,
        EVP_sha1(), nullptr);
    return base64(std::span(hash).first(size));
}

/// A value of the server's, for an error message.
std::string in_quotes(std::string_view value)
{
    constexpr std::size_t most = 100;
    return fmt::format("\"{}\"", base::excerpt(value, most));
}

std::string in_quotes(const std::vector<std::string_view>& values)
{
    return in_quotes(fmt::format("{}", fmt::join(values, ", ")));
}

/// Whether a list of tokens, possibly spread over several fields, contains this one.
bool has_token(const std::vector<std::string_view>& values, std::string_view token)
{
    const auto is_it = [token](std::string_view each) {
        constexpr std::string_view blanks = " \t";
        const auto begin = std::min(each.find_first_not_of(blanks), each.size());
        each = each.substr(begin, each.find_last_not_of(blanks) + 1 - begin);
        return base::equal_ignoring_case(each, token);
    };
    return std::any_of(values.begin(), values.end(), [&](std::string_view list) {
        while (true) {
            const auto comma = list.find(',');
            if (is_it(list.substr(0, comma))) return true;
            if (comma == list.npos) return false;
            list.remove_prefix(comma + 1);
        }
    });
}

} // namespace

std::string websocket_key(const std::array<std::byte, 16>& random) { return base64(random); }

std::string upgrade_request_text(const std::string& target, const std::string& host,
    const headers& fields, const std::string& key)
{
    auto text = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: "
                            "Upgrade\r\nSec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n",
        target, host, key);
    for (const auto& [name, value] : fields) text += fmt::format("{}: {}\r\n", name, value);
    return text += "\r\n";
}

std::optional<std::string> fault_in_upgrade(const http_answer& answer, const std::string& key)
{
    if (!answer.has_whole_head())
        return fmt::format("its head has more than {} bytes", http_answer::longest_head);
    if (answer.version() != "HTTP/1.1")
        return fmt::format("an upgrade needs HTTP/1.1, not {}", answer.version());
    if (const auto said = answer.all_of("upgrade"); !has_token(said, "websocket"))
        return fmt::format("its Upgrade field says {}, not websocket", in_quotes(said));
    if (const auto said = answer.all_of("connection"); !has_token(said, "upgrade"))
        return fmt::format("its Connection field says {}, not Upgrade", in_quotes(said));
    const auto accepts = answer.all_of("sec-websocket-accept");
    if (accepts.size() != 1)
        return fmt::format("it has {} Sec-WebSocket-Accept fields instead of one", accepts.size());
    if (accepts.front() != accept_for(key))
        return fmt::format(
            "its Sec-WebSocket-Accept field is {}, which is not the answer to our key",
            in_quotes(accepts.front()));
    for (const auto* const name : {"Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"}) {
        const auto values = answer.all_of(base::lowered(name));
        if (std::any_of(values.begin(), values.end(), [](auto each) { return !each.empty(); }))
            return fmt::format(
                "its {} field is {}, which was not asked for", name, in_quotes(values));
    }
    return std::nullopt;
}

} // namespace gemini::live::transport
