// SPDX-License-Identifier: Apache-2.0
// A credential file, and the responses of token services, are read or refused by name.
#include "auth/account.hpp"
#include "auth/token_call.hpp"
#include "fuzz/pieces.hpp"

#include <gemini/live/error.hpp>

#include <string>
#include <string_view>

using namespace gemini::live;

namespace {

constexpr std::string_view name = "Credential file f";

void require_name(const error& why)
{
    fuzz::require(std::string_view(why.what()).starts_with("Credential file f: "));
}

bool is_line(std::string_view text)
{
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void read_file(std::string_view text)
{
    try {
        const auto read = auth::read_account(text, name);
        fuzz::require(is_line(read.quota_project) && is_line(read.project));
        if (const auto* user = std::get_if<auth::authorized_user>(&read.who)) {
            const auto call = auth::by_refresh_token(*user, std::string(name));
            fuzz::require(is_line(call.request.target) && is_line(call.request.body));
        } else if (const auto* identity = std::get_if<auth::external_identity>(&read.who)) {
            fuzz::require(identity->file.empty() != identity->url.empty());
            const auto call = auth::by_exchange(*identity, secret("s"), std::string(name));
            fuzz::require(is_line(call.request.target) && is_line(call.request.body));
        }
    } catch (const error& why) {
        fuzz::require(why.value() == errc::missing_credentials);
        require_name(why);
    }
}

void read_answers(std::string_view text)
{
    const auth::authorized_user user{"id", secret("canary-1"), secret("canary-2"), "https://a/"};
    auto call = auth::by_refresh_token(user, std::string(name));
    for (const auto what : {auth::grant::refresh_token, auth::grant::impersonation}) {
        call.grant = what;
        try {
            const auto answer = auth::read_answer(call, text, {});
            fuzz::require(!answer.token.empty() && is_line(answer.token.reveal()));
            fuzz::require(!answer.lifetime || answer.lifetime->count() >= 0);
        } catch (const error& why) {
            fuzz::require(why.value() == errc::unavailable);
            require_name(why);
        }
        const auto why = auth::refused(call, {400, {}, std::string(text)}, {});
        require_name(why);
        fuzz::require(std::string_view(why.what()).find("canary-2") == std::string_view::npos);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_file(text);
    read_answers(text);
    return 0;
}
