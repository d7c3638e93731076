// SPDX-License-Identifier: Apache-2.0
// Boost.Beast with coroutines. It owns the bytes of each message; it decodes nothing, and sends the
// same text again and again.
#include "meter.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <exception>
#include <memory>
#include <type_traits>

namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;
using encrypted = asio::ssl::stream<tcp::socket>;

/// What Beast writes at once; a longer message takes a larger buffer.
constexpr std::size_t usual_write_buffer = 4096;

void end_if_failed(std::exception_ptr failure)
{
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "beast: a connection failed: %s\n", error.what());
    }
    std::_Exit(1);
}

template <class Stream>
class program {
public:
    program(const bench::arguments& arguments, const bench::traffic& given)
        : given_(given), meter_(given), pacer_(given),
          port_(static_cast<std::uint16_t>(arguments.number("port"))),
          chunk_(bench::chunk_message(given.chunk_ms))
    {
        if (given.tls) tls_.load_verify_file(arguments.text("ca"));
    }

    void run()
    {
        open();
        if (pacer_.paced()) asio::co_spawn(io_, send_due(), end_if_failed);
        io_.run();
    }

private:
    using socket = websocket::stream<Stream>;
    struct connection {
        std::unique_ptr<websocket::stream<Stream>> socket;
        bool streaming = false;
    };

    void open()
    {
        connections_.push_back(std::make_unique<connection>());
        asio::co_spawn(io_, stay_connected(*connections_.back()), end_if_failed);
    }

    asio::awaitable<void> stay_connected(connection& self)
    {
        for (;;) {
            try {
                co_await converse(self);
            } catch (const boost::system::system_error&) {
                if (given_.storm != "reconnect" || !self.streaming) throw;
            }
            self.streaming = false;
        }
    }

    asio::awaitable<void> connect(socket& socket)
    {
        const tcp::endpoint server(asio::ip::address_v4::loopback(), port_);
        co_await boost::beast::get_lowest_layer(socket).async_connect(server, asio::use_awaitable);
        boost::beast::get_lowest_layer(socket).set_option(tcp::no_delay(true));
        if constexpr (std::is_same_v<Stream, encrypted>) {
            socket.next_layer().set_verify_mode(asio::ssl::verify_peer);
            socket.next_layer().set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
            co_await socket.next_layer().async_handshake(
                asio::ssl::stream_base::client, asio::use_awaitable);
        }
        socket.set_option(
            websocket::stream_base::timeout::suggested(boost::beast::role_type::client));
        socket.auto_fragment(false);
        socket.text(true);
        if (chunk_.size() > usual_write_buffer) socket.write_buffer_bytes(2 * usual_write_buffer);
        co_await socket.async_handshake("127.0.0.1", bench::target, asio::use_awaitable);
        co_await socket.async_write(
            asio::buffer(bench::setup.data(), bench::setup.size()), asio::use_awaitable);
    }

    asio::awaitable<void> converse(connection& self)
    {
        if constexpr (std::is_same_v<Stream, encrypted>)
            self.socket = std::make_unique<socket>(io_, tls_);
        else
            self.socket = std::make_unique<socket>(io_);
        co_await connect(*self.socket);
        boost::beast::flat_buffer buffer;
        for (;;) {
            co_await self.socket->async_read(buffer, asio::use_awaitable);
            const std::string owned(static_cast<const char*>(buffer.cdata().data()), buffer.size());
            buffer.consume(buffer.size());
            bench::orders todo;
            if (bench::is_setup_complete(owned)) {
                self.streaming = true;
                todo = meter_.connected();
            } else {
                todo = meter_.received(bench::header_in(owned));
            }
            if (todo.stop) std::_Exit(0);
            if (todo.open_others)
                while (connections_.size() < given_.sessions) open();
            for (; todo.sends > 0; --todo.sends) co_await send(self);
        }
    }

    asio::awaitable<void> send(connection& self)
    {
        meter_.sending();
        co_await self.socket->async_write(asio::buffer(chunk_), asio::use_awaitable);
    }

    asio::awaitable<void> send_due()
    {
        asio::steady_timer timer(io_);
        for (;;) {
            timer.expires_at(pacer_.next_tick());
            co_await timer.async_wait(asio::use_awaitable);
            while (const auto due = pacer_.take())
                if (*due < connections_.size() && connections_[*due]->streaming)
                    co_await send(*connections_[*due]);
        }
    }

    bench::traffic given_;
    bench::meter meter_;
    bench::pacer pacer_;
    std::uint16_t port_;
    std::string chunk_;
    asio::io_context io_{1};
    asio::ssl::context tls_{asio::ssl::context::tls_client};
    std::vector<std::unique_ptr<connection>> connections_;
};

} // namespace

int main(int argc, char** argv)
{
    const bench::arguments arguments(argc, argv);
    const bench::traffic given(arguments);
    bench::prepare_client();
    if (given.tls)
        program<encrypted>(arguments, given).run();
    else
        program<tcp::socket>(arguments, given).run();
    return 1;
}
