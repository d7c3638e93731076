// SPDX-License-Identifier: Apache-2.0
// Boost.Beast with coroutines. It owns the bytes of each message; it decodes nothing.
#include "bench.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <exception>
#include <type_traits>

namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;
using encrypted = asio::ssl::stream<tcp::socket>;

struct program {
    explicit program(const bench::options& given) : options(given), meter(given) {}

    void connect();

    bench::options options;
    bench::meter meter;
    asio::io_context io{1};
    asio::ssl::context tls{asio::ssl::context::tls_client};
};

template <class Stream>
asio::awaitable<void> converse(program& self, websocket::stream<Stream> socket)
{
    const tcp::endpoint server(asio::ip::address_v4::loopback(), self.options.port);
    co_await boost::beast::get_lowest_layer(socket).async_connect(server, asio::use_awaitable);
    boost::beast::get_lowest_layer(socket).set_option(tcp::no_delay(true));
    if constexpr (std::is_same_v<Stream, encrypted>) {
        socket.next_layer().set_verify_mode(asio::ssl::verify_peer);
        socket.next_layer().set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
        co_await socket.next_layer().async_handshake(
            asio::ssl::stream_base::client, asio::use_awaitable);
    }
    socket.set_option(websocket::stream_base::timeout::suggested(boost::beast::role_type::client));
    co_await socket.async_handshake("127.0.0.1", bench::target, asio::use_awaitable);
    co_await socket.async_write(
        asio::buffer(bench::setup, std::strlen(bench::setup)), asio::use_awaitable);

    boost::beast::flat_buffer buffer;
    for (;;) {
        co_await socket.async_read(buffer, asio::use_awaitable);
        const std::string owned(static_cast<const char*>(buffer.cdata().data()), buffer.size());
        buffer.consume(buffer.size());
        if (owned.size() <= bench::longest_setup_complete) {
            self.meter.connected();
            continue;
        }
        switch (self.meter.message(owned.size())) {
        case bench::meter::next::go_on: break;
        case bench::meter::next::connect_the_rest:
            for (std::size_t i = 1; i < self.options.sessions; ++i) self.connect();
            break;
        case bench::meter::next::stop: std::_Exit(0);
        }
    }
}

void program::connect()
{
    const auto failed = [](std::exception_ptr failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "beast: a connection failed: %s\n", error.what());
        }
        std::_Exit(1);
    };
    if (options.tls)
        asio::co_spawn(io, converse(*this, websocket::stream<encrypted>(io, tls)), failed);
    else
        asio::co_spawn(io, converse(*this, websocket::stream<tcp::socket>(io)), failed);
}

} // namespace

int main(int argc, char** argv)
{
    program self(bench::start(argc, argv));
    if (self.options.tls) self.tls.load_verify_file(self.options.ca_file);
    self.connect();
    self.io.run();
    return 1;
}
