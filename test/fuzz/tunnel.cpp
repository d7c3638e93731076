// SPDX-License-Identifier: Apache-2.0
// The first byte chooses the kind of the proxy and how its answer is cut; the rest is the answer.
// However it is cut, the result must be the same, and no error may show the password.
#include "fuzz/pieces.hpp"
#include "transport/connect_tunnel.hpp"
#include "transport/socks_tunnel.hpp"

#include <memory>
#include <string>

using namespace gemini::live;

namespace {

constexpr std::string_view password = "a password";

std::unique_ptr<transport::tunnel> make_tunnel(bool by_socks)
{
    transport::proxy_address proxy;
    proxy.host = "proxy";
    proxy.user = "user";
    proxy.password = password;
    transport::request_head request;
    request.host = "example.com";
    request.read_refusal = [](std::string_view body) { return std::string(body); };
    if (by_socks) return std::make_unique<transport::socks_tunnel>(proxy, request);
    return std::make_unique<transport::connect_tunnel>(proxy, request);
}

/// What has come of a tunnel.
struct outcome {
    using state = transport::tunnel::state;

    explicit outcome(bool by_socks) : way(make_tunnel(by_socks)), asked(way->output()) {}

    void take(std::string_view piece)
    {
        if (now == state::open || now == state::failed) {
            behind += piece;
            return;
        }
        now = way->feed(piece);
        asked += way->output();
        const bool is_over = now == state::open || now == state::failed;
        fuzz::require(piece.empty() || is_over);
        behind += piece;
    }

    /// What follows the end of a refusal belongs to nobody.
    [[nodiscard]] std::string text() const
    {
        const auto why = way->why();
        fuzz::require(std::string_view(why.what()).find(password) == std::string_view::npos);
        fuzz::require(why.reason().find(password) == std::string::npos);
        const bool is_open = now == state::open;
        return asked + std::to_string(static_cast<int>(now)) + (is_open ? behind : why.what());
    }

    std::unique_ptr<transport::tunnel> way;
    std::string asked;
    std::string behind;
    state now = state::asking;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const bool by_socks = data[0] % 2 == 1;
    const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);

    outcome whole(by_socks);
    whole.take(answer);
    for (const std::size_t most : {std::size_t{1}, std::size_t{9}, size}) {
        outcome cut(by_socks);
        fuzz::in_pieces(answer, data[0], most, [&cut](std::string_view piece) { cut.take(piece); });
        fuzz::require(cut.text() == whole.text());
    }
    return 0;
}
