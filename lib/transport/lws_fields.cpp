// SPDX-License-Identifier: Apache-2.0
#include "transport/lws_fields.hpp"

#include <algorithm>

namespace gemini::live::transport {

headers read_fields(
    lws* connection, std::span<const std::string_view> custom, std::span<char> scratch)
{
    headers fields;
    const auto add = [&](std::string_view name_and_colon, std::string_view value) {
        fields.emplace_back(name_and_colon.substr(0, name_and_colon.size() - 1), value);
    };
    for (int i = 0; i < WSI_TOKEN_COUNT; ++i) {
        const auto token = static_cast<lws_token_indexes>(i);
        const auto* name = reinterpret_cast<const char*>(lws_token_to_string(token));
        if (!name || !std::string_view(name).ends_with(':')) continue;
        if (lws_hdr_total_length(connection, token) != 0)
            add(name, read_field(connection, token, scratch));
    }
    for (const auto name : custom) {
        const int size = lws_hdr_custom_copy(connection, scratch.data(),
            static_cast<int>(scratch.size()), name.data(), static_cast<int>(name.size()));
        if (size >= 0) add(name, {scratch.data(), static_cast<std::size_t>(size)});
    }
    return fields;
}

std::string_view read_field(lws* connection, lws_token_indexes which, std::span<char> scratch)
{
    const int size =
        lws_hdr_copy(connection, scratch.data(), static_cast<int>(scratch.size()), which);
    return {scratch.data(), static_cast<std::size_t>(std::max(size, 0))};
}

} // namespace gemini::live::transport
