// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/behind_upgrade_test.cpp, test/unit/transport/lws_connect_test.cpp
#pragma once

#include "base/exported.hpp"
#include "transport/http_answer.hpp"
#include "transport/lws_handshake.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gemini::live::transport {

/// The upgrade of one connection: the request, the answer as it arrives, and whether it is the
/// right one.
class GEMINI_LIVE_FOR_EMULATOR client_upgrade {
public:
    /// `read_body`: see `request_head::read_refusal`.
    explicit client_upgrade(refusal_reader read_body) : read_body_(std::move(read_body)) {}

    /// Returns the request, which is about to be sent.
    [[nodiscard]] std::string ask(
        lws_handshake& handshake, const std::array<std::byte, 16>& random);
    /// Consumes the bytes of the answer from the front of `bytes`. Returns whether it can be judged
    /// now.
    bool feed(std::span<const char>& bytes);
    [[nodiscard]] bool has_head() const noexcept { return answer_.has_head(); }
    /// Judges the answer, as far as it has arrived. Returns whether it completes the upgrade;
    /// otherwise `handshake` knows why not.
    [[nodiscard]] bool judge(lws_handshake& handshake) const;

private:
    refusal_reader read_body_;
    std::string key_;
    http_answer answer_;
};

} // namespace gemini::live::transport
