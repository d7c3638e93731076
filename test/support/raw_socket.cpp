// SPDX-License-Identifier: Apache-2.0
#include "support/raw_socket.hpp"

#include <asio/buffer.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace test {

using asio::ip::tcp;

class tls_server {
public:
    explicit tls_server(const pem_identity& identity)
    {
        context.use_certificate_chain(asio::buffer(identity.certificate));
        context.use_private_key(asio::buffer(identity.private_key), asio::ssl::context::pem);
        auto* const native = context.native_handle();
        constexpr long six_days = 6 * 24 * 3600; // s
        SSL_CTX_set_timeout(native, six_days);
        const auto* const name = reinterpret_cast<const unsigned char*>("test");
        if (!identity.fails_to_resume) SSL_CTX_set_session_id_context(native, name, 4);
        // without a name for its sessions, OpenSSL resumes none in which it verifies a peer
        if (identity.fails_to_resume) SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
        if (!identity.client_authority.empty()) {
            context.add_certificate_authority(asio::buffer(identity.client_authority));
            context.set_verify_mode(
                asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        }
        if (identity.newest_tls != 0) {
            SSL_CTX_set_security_level(native, 0); // otherwise OpenSSL itself refuses old versions
            SSL_CTX_set_min_proto_version(native, 0);
            SSL_CTX_set_max_proto_version(native, identity.newest_tls);
        }
    }

    asio::ssl::context context{asio::ssl::context::tls_server};
};

std::shared_ptr<tls_server> make_tls_server(const pem_identity& identity)
{
    return std::make_shared<tls_server>(identity);
}

struct raw_socket::state {
    explicit state(tcp::socket socket) : plain(std::move(socket)) {}

    asio::awaitable<std::size_t> read_more(std::error_code& failed)
    {
        std::array<char, 16 * 1024> piece;
        std::size_t size = 0;
        if (tls)
            size = co_await tls->async_read_some(
                asio::buffer(piece), asio::redirect_error(asio::use_awaitable, failed));
        else
            size = co_await plain.async_read_some(
                asio::buffer(piece), asio::redirect_error(asio::use_awaitable, failed));
        unread.append(piece.data(), size);
        co_return size;
    }

    asio::awaitable<void> fill(std::size_t size)
    {
        while (unread.size() < size) {
            std::error_code failed;
            co_await read_more(failed);
            if (failed) throw std::system_error(failed);
        }
    }

    std::string take(std::size_t size)
    {
        auto taken = unread.substr(0, size);
        unread.erase(0, size);
        return taken;
    }

    tcp::socket plain;
    std::optional<asio::ssl::context> context; // of a client
    std::shared_ptr<tls_server> server;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    std::string unread;
};

namespace {

http_head parse_head(std::string_view text)
{
    http_head head;
    const auto next_line = [&] {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        text.remove_prefix(end + 2);
        return line;
    };
    head.start_line = next_line();
    for (auto line = next_line(); !line.empty(); line = next_line()) {
        const auto colon = line.find(':');
        std::string name(line.substr(0, colon));
        std::transform(name.begin(), name.end(), name.begin(),
            [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        auto value = line.substr(std::min(colon + 1, line.size()));
        while (value.starts_with(' ')) value.remove_prefix(1);
        head.fields.emplace_back(std::move(name), value);
    }
    return head;
}

} // namespace

std::string http_head::header(std::string_view name) const
{
    for (const auto& [each, value] : fields)
        if (each == name) return value;
    return {};
}

std::string http_head::target() const
{
    const auto begin = start_line.find(' ') + 1;
    return start_line.substr(begin, start_line.find(' ', begin) - begin);
}

std::string http_response(int status, const header_fields& fields, std::string_view body)
{
    auto text = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
    for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
    if (status != 101) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + std::string(body);
}

std::string accept_key(std::string_view client_key)
{
    const auto salted = std::string(client_key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> hash{};
    SHA1(reinterpret_cast<const unsigned char*>(salted.data()), salted.size(), hash.data());
    std::array<unsigned char, 32> text{};
    const auto size = EVP_EncodeBlock(text.data(), hash.data(), hash.size());
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

raw_socket::raw_socket(tcp::socket socket) : state_(std::make_unique<state>(std::move(socket)))
{
    state_->plain.set_option(tcp::no_delay(true));
}

raw_socket::raw_socket(raw_socket&&) noexcept = default;
raw_socket& raw_socket::operator=(raw_socket&&) noexcept = default;
raw_socket::~raw_socket() = default;

asio::awaitable<void> raw_socket::accept_tls(pem_identity identity)
{
    co_await accept_tls(make_tls_server(identity));
}

asio::awaitable<void> raw_socket::accept_tls(std::shared_ptr<tls_server> server)
{
    state_->server = std::move(server);
    state_->tls.emplace(state_->plain, state_->server->context);
    co_await state_->tls->async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
}

bool raw_socket::has_resumed() const
{
    return state_->tls && SSL_session_reused(state_->tls->native_handle()) == 1;
}

asio::awaitable<void> raw_socket::connect_tls(std::string host, std::string ca_pem)
{
    auto& context = state_->context.emplace(asio::ssl::context::tls_client);
    context.add_certificate_authority(asio::buffer(ca_pem));
    context.set_verify_mode(asio::ssl::verify_peer);
    context.set_verify_callback(asio::ssl::host_name_verification(host));
    auto& tls = state_->tls.emplace(state_->plain, context);
    SSL_set_tlsext_host_name(tls.native_handle(), host.c_str());
    co_await tls.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
}

asio::awaitable<void> raw_socket::write(std::string bytes)
{
    if (state_->tls)
        co_await asio::async_write(*state_->tls, asio::buffer(bytes), asio::use_awaitable);
    else
        co_await asio::async_write(state_->plain, asio::buffer(bytes), asio::use_awaitable);
}

asio::awaitable<void> raw_socket::drip(std::string bytes)
{
    const auto executor = co_await asio::this_coro::executor;
    for (const char each : bytes) {
        co_await write(std::string(1, each));
        for (int turn = 0; turn < 3; ++turn) co_await asio::post(executor, asio::use_awaitable);
    }
}

asio::awaitable<std::string> raw_socket::read_some()
{
    std::error_code end;
    if (state_->unread.empty()) co_await state_->read_more(end);
    co_return state_->take(state_->unread.size());
}

asio::awaitable<std::string> raw_socket::read(std::size_t size)
{
    co_await state_->fill(size);
    co_return state_->take(size);
}

asio::awaitable<std::string> raw_socket::read_to_end()
{
    for (std::error_code end; !end;) co_await state_->read_more(end);
    co_return state_->take(state_->unread.size());
}

asio::awaitable<http_head> raw_socket::read_head()
{
    constexpr std::string_view mark = "\r\n\r\n";
    while (state_->unread.find(mark) == std::string::npos)
        co_await state_->fill(state_->unread.size() + 1);
    const auto text = state_->take(state_->unread.find(mark) + mark.size());
    co_return parse_head(text);
}

asio::awaitable<raw_frame> raw_socket::read_frame()
{
    const auto start = co_await read(2);
    const auto first = static_cast<std::uint8_t>(start[0]);
    const auto second = static_cast<std::uint8_t>(start[1]);
    std::uint64_t size = second & 0x7f;
    if (size > 125) {
        const std::size_t bytes = size == 126 ? 2 : 8;
        const auto longer = co_await read(bytes);
        size = 0;
        for (const char each : longer) size = size << 8 | static_cast<std::uint8_t>(each);
    }
    std::string key;
    const bool masked = (second & 0x80) != 0;
    if (masked) key = co_await read(4);
    auto payload = co_await read(size);
    if (masked) apply_mask(payload, key);
    raw_frame frame(first & 0x0f, std::move(payload));
    frame.final((first & 0x80) != 0).reserved(first >> 4 & 7).masked(masked);
    co_return frame;
}

namespace {

asio::awaitable<void> pass_on(raw_socket& from, raw_socket& to)
{
    while (true) {
        auto piece = co_await from.read_some();
        if (piece.empty()) break;
        co_await to.write(std::move(piece));
    }
    to.finish();
}

} // namespace

asio::awaitable<void> raw_socket::join(raw_socket& other)
{
    using namespace asio::experimental::awaitable_operators;
    co_await (pass_on(*this, other) && pass_on(other, *this));
}

void raw_socket::finish()
{
    std::error_code already_gone;
    state_->plain.shutdown(tcp::socket::shutdown_send, already_gone);
}

void raw_socket::reset()
{
    std::error_code already_gone;
    state_->plain.set_option(asio::socket_base::linger(true, 0), already_gone);
    state_->plain.close(already_gone);
}

void raw_socket::close()
{
    std::error_code already_gone;
    state_->plain.close(already_gone);
}

tcp::socket& raw_socket::tcp() { return state_->plain; }

} // namespace test
