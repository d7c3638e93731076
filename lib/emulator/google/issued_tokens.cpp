// SPDX-License-Identifier: Apache-2.0
#include "emulator/google/issued_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace gemini::live::emulator {
namespace {

constexpr std::size_t most_issued = 1000;

} // namespace

std::string random_secret(std::string_view prefix)
{
    std::random_device source;
    auto secret = fmt::format("{}fake-google-", prefix);
    for (int i = 0; i < 4; ++i) secret += fmt::format("{:08x}", source());
    return secret;
}

const testing::google_token& issued_tokens::issue(
    testing::google_endpoint from, time_point now, std::chrono::seconds lifetime)
{
    if (issued_.size() == most_issued) issued_.erase(issued_.begin());
    issued_.push_back({random_secret("ya29."), from, now, now + lifetime});
    return issued_.back();
}

bool issued_tokens::valid(std::string_view token, time_point at) const
{
    const auto found = std::find_if(issued_.begin(), issued_.end(),
        [&](const testing::google_token& each) { return each.value == token; });
    return found != issued_.end() && !found->revoked && at < found->expires;
}

const testing::google_token* issued_tokens::find_lasting(
    testing::google_endpoint from, time_point now, std::chrono::seconds than) const
{
    const auto found = std::find_if(issued_.rbegin(), issued_.rend(),
        [&](const testing::google_token& each) { return each.from == from && !each.revoked; });
    return found != issued_.rend() && now + than < found->expires ? &*found : nullptr;
}

void issued_tokens::revoke_all()
{
    for (auto& each : issued_) each.revoked = true;
}

} // namespace gemini::live::emulator
