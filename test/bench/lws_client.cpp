// SPDX-License-Identifier: Apache-2.0
// Bare libwebsockets: raw callbacks on a libuv loop. It joins the fragments of each message and
// owns its bytes; it decodes nothing.
#include "bench.hpp"

#include <libwebsockets.h>
#include <uv.h>

#include <deque>
#include <optional>
#include <utility>

namespace {

struct program {
    explicit program(const bench::options& given) : options(given), meter(given) {}

    void connect();

    bench::options options;
    bench::meter meter;
    uv_loop_t loop{};
    lws_context* context = nullptr;
    std::deque<std::string> joined; // one for each connection, with stable addresses
    bool stopped = false;
};

int on_event(lws* connection, lws_callback_reasons reason, void*, void* bytes, std::size_t size)
{
    auto* const self = static_cast<program*>(lws_context_user(lws_get_context(connection)));
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED: lws_callback_on_writable(connection); return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE: {
        std::string text(LWS_PRE, '\0');
        text += bench::setup;
        const auto length = text.size() - LWS_PRE;
        auto* const from = reinterpret_cast<unsigned char*>(text.data()) + LWS_PRE;
        return lws_write(connection, from, length, LWS_WRITE_TEXT) < int(length) ? -1 : 0;
    }
    case LWS_CALLBACK_CLIENT_RECEIVE: {
        auto& joined = *static_cast<std::string*>(lws_get_opaque_user_data(connection));
        if (lws_is_first_fragment(connection) != 0)
            joined.reserve(size + lws_remaining_packet_payload(connection));
        joined.append(static_cast<const char*>(bytes), size);
        if (lws_is_final_fragment(connection) == 0 || lws_remaining_packet_payload(connection) != 0)
            return 0;
        const std::string owned = std::exchange(joined, {});
        if (owned.size() <= bench::longest_setup_complete) {
            self->meter.connected();
            return 0;
        }
        switch (self->meter.message(owned.size())) {
        case bench::meter::next::go_on: break;
        case bench::meter::next::connect_the_rest:
            for (std::size_t i = 1; i < self->options.sessions; ++i) self->connect();
            break;
        case bench::meter::next::stop:
            self->stopped = true;
            uv_stop(&self->loop);
            break;
        }
        return 0;
    }
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (self->stopped) return 0;
        std::fprintf(
            stderr, "lws: a connection failed: %.*s\n", int(size), static_cast<const char*>(bytes));
        std::_Exit(1);
    default: return 0;
    }
}

void program::connect()
{
    lws_client_connect_info info{};
    info.context = context;
    info.address = info.host = "127.0.0.1";
    info.port = options.port;
    info.path = bench::target;
    info.ssl_connection = options.tls ? LCCSCF_USE_SSL : 0;
    info.alpn = "http/1.1";
    info.opaque_user_data = &joined.emplace_back();
    if (lws_client_connect_via_info(&info) == nullptr) {
        std::fprintf(stderr, "lws: cannot connect\n");
        std::_Exit(1);
    }
}

} // namespace

int main(int argc, char** argv)
{
    lws_set_log_level(0, nullptr);
    program self(bench::start(argc, argv));
    uv_loop_init(&self.loop);

    constexpr std::size_t rx_buffer_size = 16384; // as large as a TLS record: the best size for lws
    const lws_protocols protocols[] = {
        {"bench", on_event, 0, rx_buffer_size, 0, nullptr, 0},
        {nullptr, nullptr, 0, 0, 0, nullptr, 0},
    };
    void* loops[] = {&self.loop};
    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_LIBUV;
    info.foreign_loops = loops;
    info.pt_serv_buf_size = 32768;
    info.user = &self;
    if (self.options.tls) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.client_ssl_ca_filepath = self.options.ca_file.c_str();
    }
    self.context = lws_create_context(&info);
    if (self.context == nullptr) {
        std::fprintf(stderr, "lws: no context; is its libuv plugin installed?\n");
        return 1;
    }
    self.connect();
    uv_run(&self.loop, UV_RUN_DEFAULT);
    std::_Exit(
        self.stopped ? 0 : 1); // an orderly end of a foreign loop is not part of the measurement
}
