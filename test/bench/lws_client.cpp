// SPDX-License-Identifier: Apache-2.0
// Bare libwebsockets: raw callbacks on a libuv loop. It joins the fragments of each message and
// owns its bytes; it decodes nothing, and sends the same text again and again.
#include "meter.hpp"

#include <libwebsockets.h>
#include <uv.h>

#include <memory>
#include <utility>

namespace {

struct connection {
    std::size_t number = 0;
    lws* wsi = nullptr;
    bool streaming = false;
    bool says_hello = true; ///< The setup has not been sent.
    unsigned sends = 0;     ///< Chunks that wait to be written.
    std::string joined;
};

struct program {
    program(const bench::arguments& arguments, const bench::traffic& given)
        : given(given), meter(given), pacer(given), port(int(arguments.number("port"))),
          chunk(bench::chunk_message(given.chunk_ms))
    {
    }

    void open();
    void connect(connection& self);
    void obey(connection& self, bench::orders todo);
    void send_due();
    [[nodiscard]] bool write(lws* wsi, std::string_view text);

    bench::traffic given;
    bench::meter meter;
    bench::pacer pacer;
    int port;
    std::string chunk;
    std::string buffer; ///< lws masks in place, so each message is copied here first.
    uv_loop_t loop{};
    uv_timer_t ticks{};
    lws_context* context = nullptr;
    std::vector<std::unique_ptr<connection>> connections;
};

int on_event(lws* wsi, lws_callback_reasons reason, void*, void* bytes, std::size_t size)
{
    auto* const program = static_cast<::program*>(lws_context_user(lws_get_context(wsi)));
    auto* const self = static_cast<connection*>(lws_get_opaque_user_data(wsi));
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        self->wsi = wsi;
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE: {
        if (std::exchange(self->says_hello, false))
            return program->write(wsi, bench::setup) ? 0 : -1;
        // Several in one callback, which is cheaper; 16 at most, so that others get their turn.
        for (int i = 0; i < 16 && self->sends > 0; ++i) {
            --self->sends;
            program->meter.sending();
            if (!program->write(wsi, program->chunk)) return -1;
            if (lws_send_pipe_choked(wsi) != 0) break;
        }
        if (self->sends > 0) lws_callback_on_writable(wsi);
        return 0;
    }
    case LWS_CALLBACK_CLIENT_RECEIVE: {
        if (lws_is_first_fragment(wsi) != 0)
            self->joined.reserve(size + lws_remaining_packet_payload(wsi));
        self->joined.append(static_cast<const char*>(bytes), size);
        if (lws_is_final_fragment(wsi) == 0 || lws_remaining_packet_payload(wsi) != 0) return 0;
        const std::string owned = std::exchange(self->joined, {});
        if (bench::is_setup_complete(owned)) {
            self->streaming = true;
            program->obey(*self, program->meter.connected());
        } else {
            program->obey(*self, program->meter.received(bench::header_in(owned)));
        }
        return 0;
    }
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (program->given.storm == "reconnect" && self->streaming) {
            const auto number = self->number;
            *self = connection();
            self->number = number;
            program->connect(*self);
            return 0;
        }
        std::fprintf(stderr, "lws: a connection failed: %.*s\n", int(size),
            bytes != nullptr ? static_cast<const char*>(bytes) : "");
        std::_Exit(1);
    default: return 0;
    }
}

bool program::write(lws* wsi, std::string_view text)
{
    buffer.assign(LWS_PRE, '\0').append(text);
    auto* const from = reinterpret_cast<unsigned char*>(buffer.data()) + LWS_PRE;
    return lws_write(wsi, from, text.size(), LWS_WRITE_TEXT) >= int(text.size());
}

void program::obey(connection& self, bench::orders todo)
{
    if (todo.stop) std::_Exit(0);
    if (todo.open_others)
        while (connections.size() < given.sessions) open();
    if (todo.sends == 0) return;
    self.sends += todo.sends;
    lws_callback_on_writable(self.wsi);
}

void program::send_due()
{
    while (const auto due = pacer.take())
        if (*due < connections.size() && connections[*due]->streaming)
            obey(*connections[*due], {.sends = 1});
}

void program::open()
{
    auto& self = *connections.emplace_back(std::make_unique<connection>());
    self.number = connections.size() - 1;
    connect(self);
}

void program::connect(connection& self)
{
    lws_client_connect_info info{};
    info.context = context;
    info.address = info.host = "127.0.0.1";
    info.port = port;
    info.path = bench::target;
    info.ssl_connection = given.tls ? LCCSCF_USE_SSL : 0;
    info.alpn = "http/1.1";
    info.opaque_user_data = &self;
    if (lws_client_connect_via_info(&info) == nullptr) {
        std::fprintf(stderr, "lws: cannot connect\n");
        std::_Exit(1);
    }
}

} // namespace

int main(int argc, char** argv)
{
    lws_set_log_level(0, nullptr);
    const bench::arguments arguments(argc, argv);
    bench::prepare_client();
    program self(arguments, bench::traffic(arguments));
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
    if (self.given.tls) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.client_ssl_ca_filepath = arguments.text("ca").c_str();
    }
    self.context = lws_create_context(&info);
    if (self.context == nullptr) {
        std::fprintf(stderr, "lws: no context; is its libuv plugin installed?\n");
        return 1;
    }
    if (self.pacer.paced()) {
        uv_timer_init(&self.loop, &self.ticks);
        self.ticks.data = &self;
        const auto tick = [](uv_timer_t* timer) { static_cast<program*>(timer->data)->send_due(); };
        uv_timer_start(&self.ticks, tick, 1, 1);
    }
    self.open();
    uv_run(&self.loop, UV_RUN_DEFAULT);
    return 1;
}
