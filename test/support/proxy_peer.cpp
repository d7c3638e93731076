// SPDX-License-Identifier: Apache-2.0
#include "support/proxy_peer.hpp"

#include "support/accept_clients.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <openssl/evp.h>

#include <strings.h>

#include <set>

namespace test {

using asio::ip::tcp;

struct proxy_peer::state {
    state(asio::io_context& io, proxy_answer what, std::optional<pem_identity> who)
        : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), answer(what),
          identity(std::move(who))
    {
    }

    tcp::acceptor acceptor;
    proxy_answer answer;
    std::optional<pem_identity> identity;
    std::vector<http_head> requests;
    std::set<raw_socket*> open;
};

namespace {

asio::awaitable<void> tunnel(raw_socket& client, std::string target)
{
    const auto port = static_cast<std::uint16_t>(std::stoi(target.substr(target.rfind(':') + 1)));
    tcp::socket tcp(client.tcp().get_executor());
    std::error_code failed;
    co_await tcp.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port),
        asio::redirect_error(asio::use_awaitable, failed));
    if (failed) {
        co_await client.write(http_response(502));
        co_return;
    }
    co_await client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    raw_socket server(std::move(tcp));
    co_await client.join(server);
}

template <class State>
asio::awaitable<void> serve_one(std::shared_ptr<State> proxy, raw_socket client)
{
    proxy->open.insert(&client);
    try {
        if (proxy->identity) {
            auto identity = *proxy->identity;
            co_await client.accept_tls(std::move(identity));
        }
        proxy->requests.push_back(co_await client.read_head());
        switch (proxy->answer) {
        case proxy_answer::tunnel: co_await tunnel(client, proxy->requests.back().target()); break;
        case proxy_answer::refuse: co_await client.write(http_response(403)); break;
        case proxy_answer::authenticate: {
            const header_fields challenge{{"Proxy-Authenticate", "Basic realm=\"test\""}};
            co_await client.write(http_response(407, challenge));
            break;
        }
        case proxy_answer::garbage: co_await client.write("\x16\x03 not HTTP \r\n\r\n"); break;
        case proxy_answer::silence: co_await client.read_to_end(); break;
        }
    } catch (const std::system_error&) {
        // either end has gone
    }
    proxy->open.erase(&client);
}

std::string base64_decoded(const std::string& text)
{
    std::string bytes(text.size() / 4 * 3 + 1, '\0');
    EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    return bytes.substr(0, bytes.find('\0'));
}

} // namespace

proxy_peer::proxy_peer(
    asio::io_context& io, proxy_answer answer, std::optional<pem_identity> identity)
    : state_(std::make_shared<state>(io, answer, std::move(identity)))
{
    asio::co_spawn(io, accept_clients(state_, &serve_one<state>), asio::detached);
}

proxy_peer::~proxy_peer()
{
    state_->acceptor.close();
    for (auto* each : state_->open) each->close();
}

std::uint16_t proxy_peer::port() const { return state_->acceptor.local_endpoint().port(); }

const std::vector<http_head>& proxy_peer::requests() const { return state_->requests; }

std::string proxy_peer::credentials(std::size_t i) const
{
    constexpr std::string_view scheme = "basic ";
    const auto shown = state_->requests.at(i).header("proxy-authorization");
    return ::strncasecmp(shown.c_str(), scheme.data(), scheme.size()) == 0
               ? base64_decoded(shown.substr(scheme.size()))
               : std::string();
}

} // namespace test
